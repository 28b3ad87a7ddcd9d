package labgob
