package record

import "strconv"

// PeerName is how texts call a peer or a client: 2, or c3 for client 3.
func PeerName(p int) string {
	if p >= FirstClient {
		return "c" + strconv.Itoa(p-FirstClient)
	}
	return strconv.Itoa(p)
}

// Who is how sentences call a peer or a client: "peer 2", or "client 3".
func Who(p int) string {
	if p >= FirstClient {
		return "client " + strconv.Itoa(p-FirstClient)
	}
	return "peer " + strconv.Itoa(p)
}
