package model

import "github.com/anishathalye/porcupine"

// classic is one key of the classic service: its state is the value, empty at first.
var classic = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		value, op := state.(string), input.(*Op)
		switch op.Kind {
		case Put:
			return true, op.Value
		case Append:
			return true, value + op.Value
		}
		return op.Open || op.Got == value, value
	},
	DescribeOperation: func(input, _ any) string { return input.(*Op).String() },
	DescribeState:     func(state any) string { return shorten(state.(string)) },
}

// shorten makes a value fit for a picture.
func shorten(s string) string {
	const most = 60
	if len(s) > most {
		return s[:20] + "..." + s[len(s)-20:]
	}
	return s
}
