/**
 * The clock that tests turn by hand.
 *
 * @module
 */
export { FakeClock } from "../../src/broker/fake_clock.ts";
