package where

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"regexp"
	"strings"
	"unicode"

	"raftlab/internal/deduce"
	"raftlab/internal/record"
)

// This file compares words: those of the verdict with those of each function, its name, what it
// uses, its comments. A verdict about votes is hardly about the function that applies entries; and
// in Raft everybody has the words of the paper. The score is BM25 (Robertson, Walker and others,
// 1994), which is how search engines find pages: a word counts more if few functions have it, and
// less in a long function.

// What a word of the verdict counts; more than mostAsked none does, however often it is there.
const (
	ofRule    = 1.0 // twice, because it is short and exact
	ofStory   = 0.5
	mostAsked = 2.0
)

// Words are those that a failure is told in: the rule, its section, what was seen, what the case
// checks, the first contradiction, and the methods that decide.
func Words(v record.Verdict, checks string, events []record.Event) map[string]float64 {
	asked := map[string]float64{}
	add := func(text string, weight float64) {
		for _, w := range wordsOf(text) {
			asked[w] += weight
		}
	}
	add(v.Rule+" "+v.Rule+" "+v.Section, ofRule)
	add(v.Message, ofStory)
	add(checks, ofStory)
	if all := deduce.Breaches(events); len(all) > 0 {
		add(all[0].What, ofStory)
	}
	seen := map[string]bool{}
	for i, w := range deduce.Weights(events, deduce.SubjectOf(v.Rule, v.Message, v.Peers)) {
		if m := events[i].Method; w == deduce.Decisive && m != "" && !seen[m] {
			seen[m] = true
			add(m[strings.LastIndexByte(m, '.')+1:], ofStory)
		}
	}
	for w, n := range asked {
		asked[w] = min(n, mostAsked)
	}
	return asked
}

// ofName is how often the words of a function's name count.
const ofName = 3

// The constants of BM25. Functions have some sixty words.
const (
	saturation = 1.2
	byLength   = 0.75
	ordinary   = 60.0
)

// words scores functions by the words that the verdict asks for.
func (e Evidence) words(fs []*function) []float64 {
	texts := e.texts()
	having := map[string]int{} // how many functions have a word
	for _, t := range texts {
		for w := range t {
			having[w]++
		}
	}
	scores := make([]float64, len(fs))
	for i, f := range fs {
		t := texts[f.File+" "+baseName(f.Function)]
		length := 0.0
		for _, n := range t {
			length += n
		}
		for w, weight := range e.Asked {
			if n := t[w]; n > 0 {
				seldom := math.Log(1 + float64(len(texts))/float64(having[w]))
				scores[i] += weight * seldom * n * (saturation + 1) / (n + saturation*(1-byLength+byLength*length/ordinary))
			}
		}
	}
	return scores
}

// texts are the words of each function, by file and name.
func (e Evidence) texts() map[string]map[string]float64 {
	texts := map[string]map[string]float64{}
	known := map[string]bool{}
	for _, b := range e.Blocks {
		if known[b.File] || len(b.Lines) == 0 || e.Source == nil {
			continue
		}
		known[b.File] = true
		source := e.Source(b.File)
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, b.File, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			continue // it has changed since it was built, or cannot be read
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			from := f.Pos()
			if f.Doc != nil {
				from = f.Doc.Pos()
			}
			key := b.File + " " + f.Name.Name
			if texts[key] == nil {
				texts[key] = map[string]float64{}
			}
			for _, w := range wordsOf(string(source[set.Position(from).Offset:set.Position(f.End()).Offset])) {
				texts[key][w]++
			}
			for _, w := range wordsOf(f.Name.Name) {
				texts[key][w] += ofName
			}
		}
	}
	return texts
}

// baseName is the name of a function without its receiver.
func baseName(function string) string { return function[strings.LastIndexByte(function, '.')+1:] }

// common are words that say nothing: those of English, of Go, and of every case.
var common = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(`a an the of in is it that and or to for by from its on at as be has have had was were are
		this with not no all one two but if then than so rf func return nil int bool string error range len true false var type
		struct go defer lock unlock mu sync seed case peer raft i n s`) {
		all[w] = true
	}
	return all
}()

var sectionOf = regexp.MustCompile(`§[0-9]+(?:\.[0-9]+)*`)

// wordsOf are the words of a text: of commitIndex, commit and index. Endings are cut off, so that
// votes, voted and vote are one word. A section of the paper is a word, too.
func wordsOf(text string) []string {
	var words []string
	letters := []rune(text)
	from := 0
	cut := func(to int) {
		w := strings.ToLower(string(letters[from:to]))
		if w = stem(w); len(w) > 1 && !common[w] {
			words = append(words, w)
		}
	}
	for i, r := range letters {
		switch {
		case !unicode.IsLetter(r):
			cut(i)
			from = i + 1
		case i > from && unicode.IsUpper(r) && (unicode.IsLower(letters[i-1]) ||
			unicode.IsUpper(letters[i-1]) && i+1 < len(letters) && unicode.IsLower(letters[i+1])):
			cut(i)
			from = i
		}
	}
	cut(len(letters))
	return append(words, sectionOf.FindAllString(text, -1)...)
}

// stem cuts the ending off.
func stem(word string) string {
	if common[word] {
		return word
	}
	for _, ending := range []string{"ing", "ies", "ed", "es", "s", "e"} {
		if cut, ok := strings.CutSuffix(word, ending); ok && len(cut) >= 3 {
			word = cut
			break
		}
	}
	if n := len(word); n > 3 && word[n-1] == word[n-2] {
		word = word[:n-1]
	}
	return word
}
