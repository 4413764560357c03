// Command check verifies an export of a log with Go's own packages for transparency logs.
//
// It knows nothing of Answerable but the C2SP layout: it opens the checkpoint with the log's key, reads every leaf hash
// through tiles that it authenticates against the signed root, and holds them against the entries. It proves some
// entries, and that every earlier checkpoint is the beginning of the newest one.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type tiles struct{ dir string }

func (t tiles) Height() int { return height }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		path := "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func checkpoint(path string, keys note.Verifiers) (tlog.Tree, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(text, keys)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("%s: %w", path, err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != opened.Sigs[0].Name {
		return tlog.Tree{}, fmt.Errorf("%s: not three lines of the log that signed", path)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func bundle(dir string, tree tlog.Tree, n int64) ([][]byte, error) {
	width := min(tree.N-n<<height, 1<<height)
	tile := tlog.Tile{H: height, L: 0, N: n, W: int(width)}
	path := "tile/entries/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/0/", height))
	data, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, fmt.Errorf("%s: cut off", path)
		}
		length := int(binary.BigEndian.Uint16(data)) + 2
		if len(data) < length {
			return nil, fmt.Errorf("%s: cut off", path)
		}
		entries = append(entries, data[2:length])
		data = data[length:]
	}
	if int64(len(entries)) != width {
		return nil, fmt.Errorf("%s: %d entries instead of %d", path, len(entries), width)
	}
	return entries, nil
}

func check(dir string) (int64, int, error) {
	vkey, err := os.ReadFile(filepath.Join(dir, "log.vkey"))
	if err != nil {
		return 0, 0, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return 0, 0, err
	}
	keys := note.VerifierList(verifier)
	tree, err := checkpoint(filepath.Join(dir, "checkpoint"), keys)
	if err != nil {
		return 0, 0, err
	}
	hashes := tlog.TileHashReader(tree, tiles{dir})
	for n := int64(0); n<<height < tree.N; n++ {
		entries, err := bundle(dir, tree, n)
		if err != nil {
			return 0, 0, err
		}
		var indexes []int64
		for i := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, n<<height+int64(i)))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return 0, 0, err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != leaves[i] {
				return 0, 0, fmt.Errorf("entry %d does not hash to its leaf", n<<height+int64(i))
			}
		}
		at := n << height
		proof, err := tlog.ProveRecord(tree.N, at, hashes)
		if err == nil {
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, at, tlog.RecordHash(entries[0]))
		}
		if err != nil {
			return 0, 0, fmt.Errorf("entry %d: %w", at, err)
		}
	}
	kept, err := filepath.Glob(filepath.Join(dir, "checkpoints", "*"))
	if err != nil {
		return 0, 0, err
	}
	for _, path := range kept {
		old, err := checkpoint(path, keys)
		if err != nil {
			return 0, 0, err
		}
		proof, err := tlog.ProveTree(tree.N, old.N, hashes)
		if err == nil {
			err = tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return tree.N, len(kept), nil
}

func main() {
	size, kept, err := check(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	fmt.Printf("%d entries, %d earlier checkpoints\n", size, kept)
}
