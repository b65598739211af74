package wire

// Structure is a structure of the call table.
type Structure[T any] interface {
	*T
	Encode(*Encoder)
	Decode(*Decoder)
	minBytes() int
}

// EncodeList appends a list of structures.
func EncodeList[T any, S Structure[T]](e *Encoder, list []T) {
	e.Uint32(uint32(len(list)))
	for i := range list {
		S(&list[i]).Encode(e)
	}
}

// DecodeList takes a list of structures; nil after an error.
func DecodeList[T any, S Structure[T]](d *Decoder) []T {
	list := make([]T, d.Count(S(new(T)).minBytes()))
	for i := range list {
		S(&list[i]).Decode(d)
	}
	if d.Err() != nil {
		return nil
	}
	return list
}
