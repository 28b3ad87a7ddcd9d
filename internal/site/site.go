// Package site makes a plain web site of the pages in docs/: one HTML file for each, a style sheet,
// and nothing else. There is no script in it, and nothing is fetched from elsewhere, so it can be
// read from a disk.
//
//	docs/README.md    ->  site/index.html
//	docs/lab2a.md     ->  site/lab2a.html        links to lab2.md become links to lab2.html
//	docs/view.png     ->  site/view.png          pictures that pages show
//	                      site/style.css
//
// Links to what the site does not have, such as a source file of the tree, become text.
package site

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

//go:embed page.html
var pageTemplate string

//go:embed style.css
var styleSheet []byte

var pageShape = template.Must(template.New("page").Parse(pageTemplate))

// page is what a page's HTML is filled in from.
type page struct {
	Title string
	Body  template.HTML // made by goldmark, which leaves out raw HTML
	Labs  []entry       // the labs' first pages, for the head of each page
	Here  string        // the page's own file
}

// entry is a link in the head of a page.
type entry struct{ File, Text string }

// Add makes pages of the Markdown files in the folder from, and adds them to files in the folder
// to.
func Add(files map[string][]byte, from, to string) error {
	sources, pictures := map[string][]byte{}, map[string][]byte{} // by base name
	for name, source := range files {
		switch {
		case path.Dir(name) != from:
		case path.Ext(name) == ".md":
			sources[path.Base(name)] = source
		case path.Ext(name) == ".png":
			pictures[path.Base(name)] = source
		}
	}
	for name, picture := range pictures {
		files[path.Join(to, name)] = picture
	}
	if sources["README.md"] == nil {
		return fmt.Errorf("making a site of %s: there is no %s/README.md, which is its first page", from, from)
	}
	var labs []entry
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if base := strings.TrimSuffix(name, ".md"); len(base) == len("lab2") && strings.HasPrefix(base, "lab") {
			labs = append(labs, entry{base + ".html", "Lab " + base[3:]})
		}
	}
	for name, source := range sources {
		p := page{Labs: labs, Here: fileOf(name)}
		if err := p.convert(source, sources, pictures); err != nil {
			return fmt.Errorf("making a page of %s/%s: %w", from, name, err)
		}
		var b bytes.Buffer
		if err := pageShape.Execute(&b, p); err != nil {
			return fmt.Errorf("making a page of %s/%s: %w", from, name, err)
		}
		files[path.Join(to, p.Here)] = b.Bytes()
	}
	files[path.Join(to, "style.css")] = styleSheet
	return nil
}

// fileOf is the page that is made of a Markdown file.
func fileOf(name string) string {
	if name == "README.md" {
		return "index.html"
	}
	return strings.TrimSuffix(name, ".md") + ".html"
}

// convert fills in title and body.
func (p *page) convert(source []byte, sources, pictures map[string][]byte) error {
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	context := parser.NewContext(parser.WithIDs(&slugs{seen: map[string]int{}}))
	document := md.Parser().Parse(text.NewReader(source), parser.WithContext(context))
	relink(document, sources, pictures)
	if h, ok := document.FirstChild().(*ast.Heading); ok {
		p.Title = plainText(h, source)
	}
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, source, document); err != nil {
		return err
	}
	// A wide table scrolls by itself; the page does not.
	body := strings.NewReplacer("<table>", `<div class="wide"><table>`, "</table>", "</table></div>").Replace(b.String())
	p.Body = template.HTML(body)
	return nil
}

// relink has links lead to pages of the site, and makes text of those that lead out of it to files,
// and of pictures that are not there.
func relink(document ast.Node, sources, pictures map[string][]byte) {
	var links []*ast.Link
	var images []*ast.Image
	// The walker returns no error, so that Walk has none.
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Link:
			if entering {
				links = append(links, n)
			}
		case *ast.Image:
			if entering {
				images = append(images, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, image := range images {
		if pictures[string(image.Destination)] == nil {
			unwrap(image)
		}
	}
	for _, link := range links {
		target := string(link.Destination)
		if strings.Contains(target, "://") || strings.HasPrefix(target, "#") {
			continue
		}
		file, anchor, _ := strings.Cut(target, "#")
		if sources[file] == nil {
			unwrap(link)
			continue
		}
		if target = fileOf(file); anchor != "" {
			target += "#" + anchor
		}
		link.Destination = []byte(target)
	}
}

// unwrap puts what is in a node in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		parent.InsertBefore(parent, n, child)
	}
	parent.RemoveChild(parent, n)
}

// plainText is the text of a node.
func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	// The walker returns no error, so that Walk has none.
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// slugs gives headings the names that the pages' links use, which are GitHub's: letters and digits
// in lower case, hyphens for spaces, a number for the second of a name.
type slugs struct{ seen map[string]int }

// Generate implements parser.IDs.
func (s *slugs) Generate(heading []byte, _ ast.NodeKind) []byte {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsNumber(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(string(heading)))
	n := s.seen[slug]
	s.seen[slug]++
	if n > 0 {
		slug = fmt.Sprintf("%s-%d", slug, n)
	}
	return []byte(slug)
}

// Put implements parser.IDs.
func (s *slugs) Put(value []byte) { s.seen[string(value)]++ }
