package patch

import (
	"slices"
	"strings"
)

// edit says that the lines from a to b of the old text are the lines from c to d of the new one.
type edit struct{ a, b, c, d int }

// edits returns what has to be done to old to obtain new, from the top down, with at least one line
// between two edits that both texts share.
func edits(old, new []string) []edit {
	top := 0
	for top < len(old) && top < len(new) && old[top] == new[top] {
		top++
	}
	bottom := 0
	for bottom < len(old)-top && bottom < len(new)-top && old[len(old)-1-bottom] == new[len(new)-1-bottom] {
		bottom++
	}
	a, b := old[top:len(old)-bottom], new[top:len(new)-bottom]
	longest := make([][]int, len(a)+1) // of the common subsequences of a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var all []edit
	for i, j := 0, 0; i < len(a) || j < len(b); {
		e := edit{a: i, c: j}
		for (i < len(a) || j < len(b)) && !(i < len(a) && j < len(b) && a[i] == b[j]) {
			if j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1] {
				i++
			} else {
				j++
			}
		}
		if e.b, e.d = i, j; e.a < e.b || e.c < e.d {
			all = append(all, edit{top + e.a, top + e.b, top + e.c, top + e.d})
		}
		for i < len(a) && j < len(b) && a[i] == b[j] {
			i, j = i+1, j+1
		}
	}
	return all
}

// nearLines is how few shared lines between two edits make them one hunk.
const nearLines = 3

// hunks returns the hunks that make new of old, each with as much context as it needs to stand in
// one place.
func hunks(file string, old, new []string) []hunk {
	all := edits(old, new)
	for i := 0; i+1 < len(all); {
		if all[i+1].a-all[i].b <= nearLines {
			all[i] = edit{all[i].a, all[i+1].b, all[i].c, all[i+1].d}
			all = slices.Delete(all, i+1, i+2)
			continue
		}
		i++
	}
	for i := 0; i < len(all); i++ {
		// What the file is when this hunk is applied: the hunks above it have been.
		lines := append(slices.Clone(new[:all[i].c]), old[all[i].a:]...)
		low, high := 0, len(old)
		if i > 0 {
			low = all[i-1].b
		}
		if i+1 < len(all) {
			high = all[i+1].a
		}
		e, ok := widen(all[i], lines, old, low, high)
		switch {
		case ok:
			all[i] = e
		case i > 0: // as wide as the two can be, they have to be one
			all[i-1] = edit{all[i-1].a, all[i].b, all[i-1].c, all[i].d}
			all = slices.Delete(all, i, i+1)
			i -= 2
		case i+1 < len(all):
			all[i] = edit{all[i].a, all[i+1].b, all[i].c, all[i+1].d}
			all = slices.Delete(all, i+1, i+2)
			i--
		}
	}
	var made []hunk
	for _, e := range all {
		made = append(made, hunkOf(file, old, new, e))
	}
	return made
}

// widen adds context to an edit until its old lines stand in lines once, but not beyond low and
// high of old.
func widen(e edit, lines, old []string, low, high int) (edit, bool) {
	if e.a == e.b && e.a > low { // an insertion shows what it follows
		e.a, e.c = e.a-1, e.c-1
	}
	for below := false; len(occurrences(lines, old[e.a:e.b])) != 1 || e.a == e.b; below = !below {
		up, down := e.a > low, e.b < high
		switch {
		case !up && !down:
			return e, false
		case up && (!below || !down):
			e.a, e.c = e.a-1, e.c-1
		default:
			e.b, e.d = e.b+1, e.d+1
		}
	}
	return e, true
}

// hunkOf writes an edit as a hunk, with the lines that both sides share as context.
func hunkOf(file string, old, new []string, e edit) hunk {
	h := hunk{file: file}
	line := func(kind string, texts []string) {
		for _, text := range texts {
			if kind+text == " " {
				h.add("", 0) // editors remove a space at the end of a line
				continue
			}
			h.add(kind+text, 0)
		}
	}
	a := e.a
	for _, inner := range edits(old[e.a:e.b], new[e.c:e.d]) {
		line(" ", old[a:e.a+inner.a])
		line("-", old[e.a+inner.a:e.a+inner.b])
		line("+", new[e.c+inner.c:e.c+inner.d])
		a = e.a + inner.b
	}
	line(" ", old[a:e.b])
	return h
}

// Changed returns the numbers of the lines of a new text that the old one has not, and of the line
// behind each place where it has lines that the new one lacks.
func Changed(old, new string) (lines []int) {
	for _, e := range edits(strings.Split(old, "\n"), strings.Split(new, "\n")) {
		for line := e.c; line < max(e.d, e.c+1); line++ {
			lines = append(lines, line+1)
		}
	}
	return lines
}
