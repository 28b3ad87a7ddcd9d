package mr

type Coordinator struct{}
