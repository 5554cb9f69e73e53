/**
 * The one door to kafkajs. Its published entry points (producer, consumer, admin) are not used: what they add above
 * its network layer is what makes kafkajs slow and fragile (see docs/performance.md). Its deep modules have no types,
 * so the shapes that are used are declared here.
 *
 * @module
 */
import BrokerModule from "kafkajs/src/broker/index.js";
import ConnectionModule from "kafkajs/src/network/connection.js";
import ConnectionPoolModule from "kafkajs/src/network/connectionPool.js";
import RequestQueueModule from "kafkajs/src/network/requestQueue/index.js";
import protocolErrorModule from "kafkajs/src/protocol/error.js";
import type { Buffer } from "node:buffer";

/** What kafkajs asks of a socket. */
export interface Socket {
  on(event: "data", listener: (bytes: Buffer) => void): unknown;
  on(event: "end" | "timeout", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  write(bytes: Uint8Array, encoding?: string): unknown;
  end(): unknown;
  unref(): unknown;
  destroy(error?: Error): unknown;
}

/** Opens a socket and calls `onConnect` when it stands. */
export type SocketFactory = (
  options: { host: string; port: number; ssl: { ca?: string } | null; onConnect: () => void },
) => Socket;

/** `network/requestQueue/socketRequest`, as far as a queue knows it: a request from its turn to its answer. */
export interface SocketRequest {
  readonly correlationId: number;
  readonly expectResponse: boolean;
  /** Epoch milliseconds. */
  readonly sentAt: number;
  /** Milliseconds. */
  readonly requestTimeout: number;
  send(): void;
  completed(answer: { payload: Buffer }): void;
  rejected(error: unknown): void;
  timeoutRequest(): void;
}

/** `network/requestQueue`: requests of one connection, in flight and pending. */
export interface RequestQueue {
  enforceRequestTimeout: boolean;
  requestTimeout: number;
  throttledUntil: number;
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null;
  requestTimeoutIntervalId: ReturnType<typeof setInterval> | undefined;
  readonly inflight: Map<number, SocketRequest>;
  readonly pending: SocketRequest[];
  isConnected(): boolean;
  canSendSocketRequestImmediately(): boolean;
  fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void;
  rejectAll(error: Error): void;
  maybeThrottle(throttleTimeMs: number): void;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  destroy(): void;
}

/** `network/connection`: one socket, and who asked what over it. */
export interface Connection {
  readonly sasl: object | null;
  readonly socket: Socket | undefined;
  readonly requestQueue: RequestQueue;
  /** While it authenticates: the answers are of other forms. */
  readonly authHandlers: object | null;
  connectionStatus: string;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
  authenticate(): Promise<void>;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  nextCorrelationId(): number;
  processData(bytes: Buffer): void;
}

/** `network/connectionPool`: two connections to one broker, of which the second is for kafkajs's own fetches. */
export interface ConnectionPool {
  readonly host: string;
  readonly port: number;
  readonly pool: readonly [Connection, Connection];
}

/** The versions of each API that a broker speaks, by API key. */
export type ApiVersions = Record<string, { minVersion: number; maxVersion: number } | undefined>;

export interface JoinGroupResponse {
  readonly generationId: number;
  readonly groupProtocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

interface PartitionOffset {
  readonly partition: number;
  readonly offset: string;
}

export interface GroupDescription {
  readonly groupId: string;
  readonly state: string;
  readonly protocolType: string;
  readonly protocol: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly clientHost: string;
    readonly memberMetadata: Buffer;
    readonly memberAssignment: Buffer;
  }[];
}

/** `broker`: one node of the cluster, a method an API, each at the newest version that both sides speak. */
export interface Broker {
  versions: ApiVersions | null;
  readonly connectionPool: ConnectionPool;
  isConnected(): boolean;
  connect(): Promise<void>;
  initProducerId(
    options: { transactionalId: string | null; transactionTimeout: number },
  ): Promise<{ producerId: string; producerEpoch: number }>;
  listOffsets(options: {
    replicaId: number;
    isolationLevel: number;
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  }): Promise<{ responses: readonly { topic: string; partitions: readonly PartitionOffset[] }[] }>;
  findGroupCoordinator(
    options: { groupId: string; coordinatorType: number },
  ): Promise<{ coordinator: { nodeId: number; host: string; port: number } }>;
  joinGroup(options: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: readonly { readonly name: string; readonly metadata: Uint8Array }[];
  }): Promise<JoinGroupResponse>;
  syncGroup(options: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Uint8Array }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(options: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(options: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    retentionTime: string;
    topics: readonly { readonly topic: string; readonly partitions: readonly PartitionOffset[] }[];
  }): Promise<unknown>;
  offsetFetch(options: {
    groupId: string;
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
    }[];
  }): Promise<{ responses: readonly { topic: string; partitions: readonly PartitionOffset[] }[] }>;
  describeGroups(options: { groupIds: readonly string[] }): Promise<{ groups: readonly GroupDescription[] }>;
  listGroups(): Promise<{ groups: readonly { groupId: string; protocolType: string }[] }>;
  createTopics(options: {
    topics: readonly {
      readonly topic: string;
      readonly numPartitions: number;
      readonly replicationFactor: number;
      readonly configEntries: readonly { readonly name: string; readonly value: string }[];
    }[];
    timeout: number;
  }): Promise<unknown>;
  deleteTopics(options: { topics: readonly string[]; timeout: number }): Promise<unknown>;
}

/** kafkajs's logger, as far as it is called. */
export interface Logger {
  namespace(): Logger;
  debug(): void;
  info(): void;
  warn(): void;
  error(): void;
}

export const KafkajsConnection = ConnectionModule as unknown as { readonly prototype: Connection };
export const KafkajsRequestQueue = RequestQueueModule as unknown as { readonly prototype: RequestQueue };
export const KafkajsConnectionPool = ConnectionPoolModule as unknown as {
  new (options: {
    host: string;
    port: number;
    ssl: { ca?: string } | null;
    sasl: { mechanism: string; username: string; password: string } | null;
    clientId: string;
    connectionTimeout: number;
    requestTimeout: number;
    enforceRequestTimeout: boolean;
    maxInFlightRequests: number | null;
    socketFactory: SocketFactory;
    logger: Logger;
  }): ConnectionPool;
};
export const KafkajsBroker = BrokerModule as unknown as {
  new (options: {
    connectionPool: ConnectionPool;
    logger: Logger;
    nodeId: number | null;
    versions: ApiVersions | null;
    authenticationTimeout: number;
    allowAutoTopicCreation: boolean;
  }): Broker;
};

/** Kafka's error codes as kafkajs knows them. */
export const protocolErrors = (protocolErrorModule as unknown as {
  errorCodes: readonly { type: string; code: number; retriable: boolean; message: string }[];
}).errorCodes;
