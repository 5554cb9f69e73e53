package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

const heartbeat = 200 * time.Millisecond

func (w *work) produce(ctx context.Context, topic string, count int, options ...kgo.Opt) error {
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(w.servers...), kgo.DefaultProduceTopic(topic))...)
	if err != nil {
		return err
	}
	defer client.Close()
	records := make([]*kgo.Record, count)
	for i := range records {
		records[i] = &kgo.Record{Key: []byte(strconv.Itoa(i)), Value: []byte("value")}
	}
	return client.ProduceSync(ctx, records...).FirstErr()
}

// read tells how often each key was read: until there are so many, and a little longer, to see whether one comes twice.
func (w *work) read(ctx context.Context, topic string, count int, options ...kgo.Opt) (map[string]int, error) {
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(w.servers...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	seen := map[string]int{}
	for {
		polled, cancel := ctx, context.CancelFunc(func() {})
		if len(seen) >= count {
			polled, cancel = context.WithTimeout(ctx, time.Second)
		}
		fetches := client.PollFetches(polled)
		cancel()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%d of %d records: %w", len(seen), count, ctx.Err())
		}
		if fetches.NumRecords() == 0 && len(seen) >= count {
			return seen, nil
		}
		fetches.EachRecord(func(record *kgo.Record) { seen[string(record.Key)]++ })
	}
}

// franzVersions: a client that knows no more than an older version of Kafka produces, and reads in a group.
func (w *work) franzVersions(ctx context.Context) (any, error) {
	versions := map[string]*kversion.Versions{
		"0.11": kversion.V0_11_0(), "1.1": kversion.V1_1_0(), "2.1": kversion.V2_1_0(), "2.4": kversion.V2_4_0(),
		"2.6": kversion.V2_6_0(), "2.8": kversion.V2_8_0(), "3.0": kversion.V3_0_0(), "3.5": kversion.V3_5_0(),
		"3.9": kversion.V3_9_0(), "4.0": kversion.V4_0_0(),
	}
	var mutex sync.Mutex
	var waiting sync.WaitGroup
	result := map[string]int{}
	var failure error
	for name, version := range versions {
		waiting.Go(func() {
			topic, err := w.topic(ctx, name, 2)
			if err == nil {
				err = w.produce(ctx, topic, 50, kgo.MaxVersions(version))
			}
			var seen map[string]int
			if err == nil {
				seen, err = w.read(ctx, topic, 50, kgo.MaxVersions(version), kgo.ConsumerGroup(topic))
			}
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				failure = fmt.Errorf("as %s: %w", name, err)
			}
			result[name] = len(seen)
		})
	}
	waiting.Wait()
	return result, failure
}

// franzExactlyOnce: members of a group that come and go copy a topic in transactions, each fifth of which is undone.
func (w *work) franzExactlyOnce(ctx context.Context) (any, error) {
	const count = 2000
	from, err := w.topic(ctx, "from", 4)
	if err != nil {
		return nil, err
	}
	to, err := w.topic(ctx, "to", 4)
	if err != nil {
		return nil, err
	}
	if err := w.produce(ctx, from, count); err != nil {
		return nil, err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var waiting sync.WaitGroup
	failures := make(chan error, 3)
	// The first two leave after a few transactions.
	for id, transactions := range []int{3, 6, 1_000} {
		waiting.Go(func() {
			if err := w.copyInTransactions(working, from, to, id, transactions); err != nil && working.Err() == nil {
				failures <- err
				stop()
			}
		})
	}
	seen, err := w.read(working, to, count, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	stop()
	waiting.Wait()
	select {
	case failure := <-failures:
		return nil, failure
	default:
	}
	doubled := 0
	for _, times := range seen {
		doubled += times - 1
	}
	return map[string]int{"seen": len(seen), "doubled": doubled}, err
}

func (w *work) copyInTransactions(ctx context.Context, from, to string, id, transactions int) error {
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(w.servers...), kgo.TransactionalID(fmt.Sprintf("%s-%d", w.prefix, id)),
		kgo.ConsumerGroup(w.prefix), kgo.ConsumeTopics(from), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.RequireStableFetchOffsets(), kgo.HeartbeatInterval(heartbeat),
	)
	if err != nil {
		return err
	}
	defer session.Close()
	for i := range transactions {
		fetches := session.PollRecords(ctx, 100)
		if ctx.Err() != nil {
			return nil
		}
		if err := session.Begin(); err != nil {
			return err
		}
		produced := kgo.AbortingFirstErrPromise(session.Client())
		fetches.EachRecord(func(record *kgo.Record) {
			session.Produce(ctx, &kgo.Record{Topic: to, Key: record.Key, Value: record.Value}, produced.Promise())
		})
		isGood := produced.Err() == nil && i%5 != 2
		if _, err := session.End(ctx, kgo.TransactionEndTry(isGood)); err != nil {
			return err
		}
	}
	return nil
}
