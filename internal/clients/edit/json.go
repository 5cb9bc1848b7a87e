package edit

import "errors"

func (jsonFormat) set(text []byte, root *Node, p Path, value *Node) ([]byte, error) {
	return nil, errors.New("not there yet")
}

func (jsonFormat) prepend(text []byte, root *Node, p Path, items []string) ([]byte, error) {
	return nil, errors.New("not there yet")
}

func (jsonFormat) drop(text []byte, root *Node, p Path, n int) ([]byte, error) {
	return nil, errors.New("not there yet")
}

func (jsonFormat) remove(text []byte, root *Node, p Path) ([]byte, error) {
	return nil, errors.New("not there yet")
}
