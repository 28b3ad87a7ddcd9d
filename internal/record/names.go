package record

import "strconv"

// PeerName is how texts call a peer or a client: 2, or c3 for client 3.
func PeerName(p int) string {
	if p >= FirstClient {
		return "c" + strconv.Itoa(p-FirstClient)
	}
	return strconv.Itoa(p)
}
