package sim

// nativeGroups are the edits that only a process of this machine needs.
var nativeGroups []runtimeGroup
