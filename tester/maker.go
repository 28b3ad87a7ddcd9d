package tester

// Maker makes a service. The harness has it made anew for each server and each client, as what is
// under test: a function in a service may refer to a variable of the function that made it, and all
// servers would share that one.
type Maker[S any] struct {
	First S // says what there is; nothing of it is called
	New   func() S
}

// Making is the Maker of a service, or of a function that makes one.
func Making[S any](service any) Maker[S] {
	if again, ok := service.(func() S); ok {
		return Maker[S]{again(), again}
	}
	s := service.(S)
	return Maker[S]{s, func() S { return s }}
}

// MakerOf returns what was given to [Run], a [Maker] or a service.
func MakerOf[S any](e *Env) Maker[S] {
	if m, ok := e.Subject().(Maker[S]); ok {
		return m
	}
	return Making[S](e.Subject())
}
