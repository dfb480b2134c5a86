// What Centrifugo is made of: the library centrifuge with its own SSE handler and engine in memory.
// GET /connection/sse?cf_connect={} opens a stream, POST publishes its body as text.
// Usage: centrifuge PORT
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/centrifugal/centrifuge"
)

const channel = "bench"

func connecting(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	return centrifuge.ConnectReply{
		Credentials:   &centrifuge.Credentials{UserID: "reader"},
		Subscriptions: map[string]centrifuge.SubscribeOptions{channel: {}},
	}, nil
}

func publish(node *centrifuge.Node) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		data, err := json.Marshal(string(body))
		if err == nil {
			_, err = node.Publish(channel, data)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

func main() {
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelNone})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(connecting)
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	// The readers of the benchmark do not answer pings.
	silent := centrifuge.PingPongConfig{PingInterval: -1}
	http.Handle("/connection/sse", centrifuge.NewSSEHandler(node, centrifuge.SSEConfig{PingPongConfig: silent}))
	http.Handle("/", publish(node))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
