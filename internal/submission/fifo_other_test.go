//go:build !unix

package submission

import "errors"

func mkfifo(string) error { return errors.New("this system has no named pipes") }
