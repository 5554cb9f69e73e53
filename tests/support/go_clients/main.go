// Real work of Kafka clients written in Go, one scenario a run: SCENARIO SERVERS PREFIX. Prints what came of it as
// JSON. What it makes on the broker begins with PREFIX. See go_clients.ts.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const timeout = 40 * time.Second

type work struct {
	servers []string
	prefix  string
}

func main() {
	w := &work{servers: strings.Split(os.Args[2], ","), prefix: os.Args[3]}
	scenarios := map[string]func(context.Context) (any, error){
		"franz_versions":     w.franzVersions,
		"franz_exactly_once": w.franzExactlyOnce,
		"sarama_group":       w.saramaGroup,
		"kafka_go_group":     w.kafkaGoGroup,
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	result, err := scenarios[os.Args[1]](ctx)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// topic makes one, and waits until it has its leaders.
func (w *work) topic(ctx context.Context, suffix string, partitions int32) (string, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(w.servers...))
	if err != nil {
		return "", err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	name := w.prefix + "-" + suffix
	if _, err := admin.CreateTopic(ctx, partitions, 1, nil, name); err != nil {
		return "", err
	}
	for {
		offsets, err := admin.ListEndOffsets(ctx, name)
		if err == nil && offsets.Error() == nil && len(offsets[name]) == int(partitions) {
			return name, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
