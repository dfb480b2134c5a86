// The usual hub in Go: net/http, one goroutine and one buffered channel per reader, a flush per event.
// GET opens a stream, POST publishes its body. Usage: go-nethttp PORT
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
)

// What a reader may be behind before it loses events.
const buffered = 64

type hub struct {
	mu      sync.Mutex
	lastID  int
	readers map[chan []byte]struct{}
}

func (h *hub) join() chan []byte {
	events := make(chan []byte, buffered)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readers[events] = struct{}{}
	return events
}

func (h *hub) leave(events chan []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.readers, events)
}

func (h *hub) publish(data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lastID++
	event := fmt.Appendf(nil, "id: %d\ndata: %s\n\n", h.lastID, data)
	for events := range h.readers {
		select {
		case events <- event:
		default:
		}
	}
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		h.stream(w, r)
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.publish(data)
	w.WriteHeader(http.StatusNoContent)
}

func (h *hub) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	events := h.join()
	defer h.leave(events)
	flusher := w.(http.Flusher)
	flusher.Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case event := <-events:
			if _, err := w.Write(event); err != nil {
				return
			}
			flusher.Flush()
		}
	}
}

func main() {
	h := &hub{readers: map[chan []byte]struct{}{}}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], h))
}
