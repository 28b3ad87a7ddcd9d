package tester

type Clnt struct{}
