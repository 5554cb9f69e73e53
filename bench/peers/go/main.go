// franz-go: one client that replies, in a group, and one that requests and reads its replies by partition.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const warmUp = 2000

var payload = []byte(strings.Repeat("x", 64))

type result struct {
	Peer         string  `json:"peer"`
	Version      string  `json:"version"`
	FirstReplyMs float64 `json:"firstReplyMs"`
	SerialP50Ms  float64 `json:"serialP50Ms"`
	SerialP99Ms  float64 `json:"serialP99Ms"`
	Calls1PerS   float64 `json:"calls1PerS"`
	Calls64PerS  float64 `json:"calls64PerS"`
	Calls512PerS float64 `json:"calls512PerS"`
}

func main() {
	broker := os.Args[1]
	n, err := strconv.Atoi(os.Args[2])
	check(err)
	ctx := context.Background()
	requests := fmt.Sprintf("franz-go-%08x", rand.Uint32())
	replies := requests + ".reply"
	createTopics(ctx, broker, requests, replies)

	startedAt := time.Now()
	reply(ctx, newClient(broker,
		kgo.ConsumerGroup(requests+".replier"),
		kgo.ConsumeTopics(requests),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	), replies)
	call := requester(ctx, newClient(broker, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
		replies: {0: kgo.NewOffset().At(0)},
	})), requests)

	call("first")
	r := result{Peer: "franz-go", Version: version(), FirstReplyMs: ms(time.Since(startedAt))}
	for i := range warmUp {
		call("w" + strconv.Itoa(i))
	}
	latencies := make([]float64, n)
	serialStart := time.Now()
	for i := range latencies {
		sentAt := time.Now()
		call("s" + strconv.Itoa(i))
		latencies[i] = ms(time.Since(sentAt))
	}
	r.Calls1PerS = float64(n) / time.Since(serialStart).Seconds()
	slices.Sort(latencies)
	r.SerialP50Ms = latencies[n/2]
	r.SerialP99Ms = latencies[n*99/100]
	r.Calls64PerS = callsPerS(call, 64, 20*n)
	r.Calls512PerS = callsPerS(call, 512, 40*n)
	check(json.NewEncoder(os.Stdout).Encode(r))
}

func newClient(broker string, opts ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append(opts,
		kgo.SeedBrokers(broker),
		kgo.ProducerLinger(0),
		kgo.RequiredAcks(kgo.LeaderAck()),
		kgo.DisableIdempotentWrite(),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.FetchMinBytes(1),
		kgo.FetchMaxWait(500*time.Millisecond),
	)...)
	check(err)
	return client
}

func createTopics(ctx context.Context, broker string, topics ...string) {
	client := newClient(broker)
	defer client.Close()
	created, err := kadm.NewClient(client).CreateTopics(ctx, 1, 1, nil, topics...)
	check(err)
	check(created.Error())
}

// reply answers every request with its own key and value.
func reply(ctx context.Context, client *kgo.Client, replies string) {
	go func() {
		for {
			client.PollFetches(ctx).EachRecord(func(m *kgo.Record) {
				client.Produce(ctx, &kgo.Record{Topic: replies, Key: m.Key, Value: m.Value}, failed)
			})
		}
	}()
}

// requester returns a function that sends a request and waits for its reply.
func requester(ctx context.Context, client *kgo.Client, requests string) func(key string) {
	var mu sync.Mutex
	waiting := map[string]chan struct{}{}
	go func() {
		for {
			client.PollFetches(ctx).EachRecord(func(m *kgo.Record) {
				mu.Lock()
				done := waiting[string(m.Key)]
				delete(waiting, string(m.Key))
				mu.Unlock()
				if done != nil {
					close(done)
				}
			})
		}
	}()
	return func(key string) {
		done := make(chan struct{})
		mu.Lock()
		waiting[key] = done
		mu.Unlock()
		client.Produce(ctx, &kgo.Record{Topic: requests, Key: []byte(key), Value: payload}, failed)
		<-done
	}
}

func callsPerS(call func(string), inFlight, total int) float64 {
	var lanes sync.WaitGroup
	next := make(chan int, inFlight)
	start := time.Now()
	for range inFlight {
		lanes.Go(func() {
			for i := range next {
				call(fmt.Sprintf("c%d-%d", inFlight, i))
			}
		})
	}
	for i := range total {
		next <- i
	}
	close(next)
	lanes.Wait()
	return float64(total) / time.Since(start).Seconds()
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "github.com/twmb/franz-go" {
				return strings.TrimPrefix(dep.Version, "v")
			}
		}
	}
	return "unknown"
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func failed(_ *kgo.Record, err error) { check(err) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
