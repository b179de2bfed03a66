// Command fairlead-controller runs workflows.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"fairlead.dev/fairlead/cmd/fairlead-controller/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := app.Main(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fairlead-controller:", err)
		os.Exit(1)
	}
}
