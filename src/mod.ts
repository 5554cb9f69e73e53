/**
 * What a TypeScript program imports.
 *
 * @module
 */
export {
  ConfigError,
  HandlerError,
  isRetriable,
  KafkaError,
  type Problem,
  ReplyError,
  RequestTimeoutError,
} from "./base/errors.ts";
export {
  Admin,
  type ClusterDescription,
  type GroupState,
  type NewTopic,
  type PartitionLag,
  type PartitionOffsets,
  type TopicDescription,
} from "./kafka/admin.ts";
export {
  type BatchContext,
  ConsumedRecord,
  GroupConsumer,
  type GroupConsumerOptions,
} from "./kafka/consumer.ts";
export {
  PartitionReader,
  type PartitionReaderOptions,
  type StartPosition,
} from "./kafka/partition_reader.ts";
export {
  type DeliveryReport,
  Producer,
  type ProducerOptions,
  type ProducerRecord,
  type RecordHeaders,
} from "./kafka/producer.ts";
export type { MessageValue } from "./kafka/serialize.ts";
export {
  type KafkaSettings,
  SASL_MECHANISMS,
  type SaslMechanism,
  type SaslSettings,
  SECURITY_PROTOCOLS,
  type SecurityProtocol,
} from "./kafka/settings.ts";
export {
  type Message,
  Reply,
  Requester,
  type RequesterOptions,
  type RequesterStats,
  type RequestOptions,
} from "./toolkit/requester.ts";
export {
  Replier,
  type ReplierEvent,
  type ReplierOptions,
  type ReplierStats,
  Request,
  type RequestHandler,
} from "./toolkit/replier.ts";
