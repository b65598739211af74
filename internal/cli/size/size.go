// Package size prints numbers of bytes the way df -h does.
//
//	size.Human(1536, 1)     // "1.5K"
//	size.Kibi(61294, 512)   // "30647"
//	size.Bytes(3, 512)      // "1536"
//
// Human rounds to the nearest unit with ties to even, keeps one decimal below ten and
// chooses the suffix (K, M, G, T, P, E) itself, base 1024. The libguestfs tools
// print the same bytes for the same numbers, which is what their users' scripts parse.
// It does not read sizes.
package size

import (
	"fmt"
	"math/big"
)

const suffixes = "KMGTPEZYRQ"

// Human prints n units of unitBytes each, as in "24K", "1.5G" or "512".
// A negative n, which a damaged filesystem can report, keeps its sign.
func Human(n, unitBytes int64) string {
	bytes := product(n, unitBytes)
	sign := ""
	if bytes.Sign() < 0 {
		sign = "-"
		bytes.Neg(bytes)
	}
	return sign + scale(bytes)
}

// Kibi prints n units of unitBytes each as a whole number of KiB, the rest cut off.
// Half a KiB does occur: vfat has blocks of 512 bytes.
func Kibi(n, unitBytes int64) string {
	return new(big.Int).Quo(product(n, unitBytes), big.NewInt(1024)).String()
}

// Bytes prints n units of unitBytes each as a number of bytes.
func Bytes(n, unitBytes int64) string { return product(n, unitBytes).String() }

// product is n*unit. Both come from the guest, and 63 bits times 63 bits does not fit.
func product(n, unit int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(n), big.NewInt(unit))
}

func scale(bytes *big.Int) string {
	base := big.NewInt(1024)
	unit := big.NewInt(1)
	power := 0
	for power < len(suffixes) && new(big.Int).Div(bytes, unit).Cmp(base) >= 0 {
		unit.Mul(unit, base)
		power++
	}
	if power == 0 {
		return bytes.String()
	}
	// One decimal while the rounded value stays below ten.
	tenths := roundDiv(new(big.Int).Mul(bytes, big.NewInt(10)), unit)
	if tenths.IsInt64() && tenths.Int64() < 100 {
		return fmt.Sprintf("%d.%d%c", tenths.Int64()/10, tenths.Int64()%10, suffixes[power-1])
	}
	whole := roundDiv(bytes, unit)
	// 1023.9K rounds up to the next unit.
	if whole.Cmp(base) >= 0 && power < len(suffixes) {
		return "1.0" + suffixes[power:power+1]
	}
	return whole.String() + suffixes[power-1:power]
}

// roundDiv is a/b for a not negative, rounded to the nearest, ties to even.
func roundDiv(a, b *big.Int) *big.Int {
	quotient, rest := new(big.Int).QuoRem(a, b, new(big.Int))
	switch rest.Lsh(rest, 1).Cmp(b) {
	case 1:
		quotient.Add(quotient, big.NewInt(1))
	case 0:
		if quotient.Bit(0) == 1 {
			quotient.Add(quotient, big.NewInt(1))
		}
	}
	return quotient
}
