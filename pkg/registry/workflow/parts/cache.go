package parts

import "sync"

// DefaultCacheBytes is how much JSON of parts is held decoded, which takes several times as much memory.
const DefaultCacheBytes = 32 << 20

// cache holds decoded parts by their digest. What it holds is shared by all that was read and never changed. Two generations
// are kept: what is used moves into the young one, and when that is full it becomes the old one.
type cache struct {
	limit int

	mu         sync.Mutex
	size       int
	young, old map[string]held
}

type held struct {
	content *content
	size    int
}

func newCache(limit int) *cache {
	return &cache{limit: limit, young: map[string]held{}}
}

func (c *cache) get(digest string) *content {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.young[digest]; ok {
		return known.content
	}
	known, ok := c.old[digest]
	if !ok {
		return nil
	}
	c.keep(digest, known)
	return known.content
}

// put holds a part that takes so many bytes as JSON, and returns the one that is held: who comes first has it shared.
func (c *cache) put(digest string, decoded *content, size int) *content {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.young[digest]; ok {
		return known.content
	}
	c.keep(digest, held{decoded, size})
	return decoded
}

func (c *cache) keep(digest string, part held) {
	if c.size+part.size > c.limit/2 {
		c.young, c.old, c.size = map[string]held{}, c.young, 0
	}
	c.young[digest] = part
	c.size += part.size
}
