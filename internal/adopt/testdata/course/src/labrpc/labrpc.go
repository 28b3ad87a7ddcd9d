package labrpc

type ClientEnd struct{}
