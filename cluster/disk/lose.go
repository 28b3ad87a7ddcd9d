package disk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Lose takes from a directory of [Fragile], which no process uses, a random part of what was not
// synced: any subset of sectors, and the newest changes of names, from a random one on. It says how
// much was lost.
func Lose(path string, r *rand.Rand) (sectors, names int, err error) {
	d, err := Open(path)
	if err != nil {
		return 0, 0, err
	}
	undo := filepath.Join(path, undoDir)
	entries, err := os.ReadDir(undo)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	} else if err != nil {
		return 0, 0, err
	}
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), "data-")
		if !ok {
			continue
		}
		target := d.at(name)
		if strings.HasPrefix(name, "kept-") {
			target = filepath.Join(undo, name)
		}
		n, err := loseSectors(filepath.Join(undo, e.Name()), target, r)
		if err != nil {
			return sectors, names, fmt.Errorf("losing sectors of %s: %w", target, err)
		}
		sectors += n
	}
	if names, err = loseNames(d, undo, r); err != nil {
		return sectors, names, fmt.Errorf("losing names in %s: %w", path, err)
	}
	return sectors, names, os.RemoveAll(undo)
}

// loseSectors puts a random subset of sectors back as they were. How large the subset is on average
// differs from one call to the next, so that losing all, none, or one of many happens too.
func loseSectors(kept, target string, r *rand.Rand) (n int, err error) {
	old, err := os.ReadFile(kept)
	if err != nil {
		return 0, err
	}
	records, err := readUndo(bytes.NewReader(old))
	if err != nil {
		return 0, err
	}
	f, err := os.OpenFile(target, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // the file had not been made yet when its process ended
	} else if err != nil {
		return 0, err
	}
	defer f.Close()
	share := []float64{0, 0.1, 0.5, 0.9, 1}[r.IntN(5)]
	for _, record := range records {
		if r.Float64() >= share {
			continue
		}
		sector := make([]byte, Sector) // what was beyond the end is zero
		copy(sector, record.old)
		if _, err := f.WriteAt(sector, record.at); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// loseNames takes changes of names back, the newest first, up to a random one.
func loseNames(d Dir, undo string, r *rand.Rand) (n int, err error) {
	text, err := os.ReadFile(filepath.Join(undo, namesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	var ops []nameOp
	for line := range bytes.Lines(text) {
		var op nameOp
		if json.Unmarshal(line, &op) != nil {
			break // the last line, not written to its end: the change was not made
		}
		ops = append(ops, op)
	}
	keep := r.IntN(len(ops) + 1)
	for _, op := range slices.Backward(ops[keep:]) {
		if err := takeBack(d, undo, op); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, err // not there: the process ended before it made the change
		}
		n++
	}
	return n, nil
}

func takeBack(d Dir, undo string, op nameOp) error {
	switch op.Op {
	case "create":
		return d.Remove(op.Name)
	case "rename":
		if _, err := os.Stat(d.at(op.From)); err == nil {
			break // the process ended before it renamed the file
		}
		if err := d.Rename(op.Name, op.From); err != nil {
			return err
		}
	}
	if op.Kept == "" {
		return nil
	}
	return os.Rename(filepath.Join(undo, op.Kept), d.at(op.Name))
}
