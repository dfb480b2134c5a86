// The Go package github.com/tmaxmax/go-sse, with its own provider and without replay.
// GET opens a stream, POST publishes its body. Usage: go-sse PORT
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	"github.com/tmaxmax/go-sse"
)

func main() {
	server := &sse.Server{}
	http.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		// The package sends the head with the first event; a reader shall know at once that it is connected.
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		server.ServeHTTP(w, r)
	})
	http.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		message := &sse.Message{}
		message.AppendData(string(data))
		if err := server.Publish(message); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
