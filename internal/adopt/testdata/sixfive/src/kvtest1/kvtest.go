package kvtest

import "6.5840/kvsrv1/rpc"

type IKVClerk interface {
	Get(string) (string, rpc.Tversion, rpc.Err)
}
