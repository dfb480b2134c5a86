// The Go side of the tests of interoperability: a server of event streams with a history, and a
// reader that comes back with the last id. Standard library only.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		serve(milliseconds(os.Args[2]), milliseconds(os.Args[3]))
	} else if len(os.Args) == 3 && os.Args[1] == "read" {
		read(os.Args[2])
	}
	fmt.Fprintln(os.Stderr, "usage: interop serve RETRY_MS HEARTBEAT_MS | interop read URL")
	os.Exit(2)
}

func milliseconds(text string) time.Duration {
	ms, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return time.Duration(ms) * time.Millisecond
}

// history is what was published, as it is sent; `changed` is closed when there is more.
type history struct {
	sync.Mutex
	events  []string
	changed chan struct{}
}

func (h *history) add(kind, data string) {
	h.Lock()
	defer h.Unlock()
	h.events = append(h.events, encode(len(h.events)+1, kind, data))
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *history) after(place int) ([]string, <-chan struct{}) {
	h.Lock()
	defer h.Unlock()
	if place > len(h.events) {
		place = len(h.events)
	}
	return h.events[place:], h.changed
}

func encode(id int, kind, data string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "id: %d\n", id)
	if kind != "message" {
		fmt.Fprintf(&text, "event: %s\n", kind)
	}
	for _, line := range strings.Split(data, "\n") {
		fmt.Fprintf(&text, "data: %s\n", line)
	}
	return text.String() + "\n"
}

func serve(retry, heartbeat time.Duration) {
	log := &history{changed: make(chan struct{})}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			data, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			log.add(r.URL.Query().Get("type"), string(data))
			w.WriteHeader(http.StatusNoContent)
			return
		}
		stream(w, r, log, retry, heartbeat)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, nil))
}

func stream(w http.ResponseWriter, r *http.Request, log *history, retry, heartbeat time.Duration) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Accel-Buffering", "no")
	fmt.Fprintf(w, "retry: %d\n\n", retry.Milliseconds())
	place, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		events, changed := log.after(place)
		for _, event := range events {
			io.WriteString(w, event)
		}
		place += len(events)
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-beat.C:
			io.WriteString(w, ": heartbeat\n")
		case <-r.Context().Done():
			return
		}
	}
}

type event struct {
	Kind string `json:"type"`
	Data string `json:"data"`
	ID   string `json:"id"`
}

// read writes each event of the stream as a line of JSON, and a line `open` for each connection.
func read(url string) {
	lastID, retry := "", time.Second
	for {
		follow(url, &lastID, &retry)
		time.Sleep(retry)
	}
}

func follow(url string, lastID *string, retry *time.Duration) {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	if *lastID != "" {
		request.Header.Set("Last-Event-ID", *lastID)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return
	}
	fmt.Println(`"open"`)
	parse(bufio.NewReader(response.Body), lastID, retry)
}

func parse(lines *bufio.Reader, lastID *string, retry *time.Duration) {
	kind, id, data := "", *lastID, []string(nil)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			*lastID = id
			if data != nil {
				emit(event{kind, strings.Join(data, "\n"), id})
			}
			kind, data = "", nil
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			kind = value
		case "data":
			data = append(data, value)
		case "id":
			id = value
		case "retry":
			if ms, err := strconv.Atoi(value); err == nil {
				*retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
}

func emit(e event) {
	if e.Kind == "" {
		e.Kind = "message"
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
