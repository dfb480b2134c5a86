// A server of gqlgen with its own SSE transport, for clients to be tried against. It has a schema
// without generated code: a subscription that counts, one that breaks and one that is silent.
//
// It listens on a free port of the loopback and prints it.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	type Query { hello: String! }
	type Subscription { count: Int! silence: String! }
`})

const (
	counts    = 3
	pingEvery = 100 * time.Millisecond
)

type executable struct{}

func (executable) Schema() *ast.Schema { return schema }

func (executable) Complexity(
	_ context.Context, _, _ string, _ int, _ map[string]any,
) (int, bool) {
	return 0, false
}

func (executable) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx).Operation
	field := operation.SelectionSet[0].(*ast.Field).Name
	if operation.Operation == ast.Query {
		return graphql.OneShot(&graphql.Response{Data: []byte(`{"hello":"Hello from gqlgen"}`)})
	}
	n := 0
	return func(ctx context.Context) *graphql.Response {
		if field == "silence" {
			<-ctx.Done()
			return nil
		}
		n++
		if n > counts {
			return nil
		}
		return &graphql.Response{Data: []byte(fmt.Sprintf(`{"count":%d}`, n))}
	}
}

func main() {
	server := handler.New(executable{})
	server.AddTransport(transport.SSE{KeepAlivePingInterval: pingEvery})
	server.AddTransport(transport.POST{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, server))
}
