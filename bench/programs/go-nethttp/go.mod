module heartline.example/go-nethttp

go 1.21
