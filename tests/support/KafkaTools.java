import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Apache Kafka's stock tools one after another in one JVM, whose start is most of what a tool takes. Each line of
 * the standard input is a run: the text for the tool's own standard input (its lines ended by 0x1d), its class and its
 * arguments, 0x1f between them. What the tool printed is answered, then a line of 0x1e and its exit code. See
 * kafka_tools.ts.
 */
public final class KafkaTools {
    /** A tool that ends the process ends its run instead. */
    private static final class Exited extends RuntimeException {
        final int status;

        Exited(int status) {
            super("exit " + status, null, false, false);
            this.status = status;
        }
    }

    /** Of the run: the first exit counts, whatever a tool makes of its own failing. */
    private static Exited exited;

    private static void exit(int status) {
        if (exited == null) exited = new Exited(status);
        throw exited;
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        BufferedReader runs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Exit.setExitProcedure((status, message) -> {
            if (message != null) System.err.println(message);
            exit(status);
        });
        Exit.setHaltProcedure((status, message) -> exit(status));
        for (String line = runs.readLine(); line != null; line = runs.readLine()) {
            String[] run = line.split("\u001f", -1);
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
            System.setOut(out);
            System.setErr(out);
            System.setIn(new ByteArrayInputStream(run[0].replace('\u001d', '\n').getBytes(StandardCharsets.UTF_8)));
            int status = run(run[1], Arrays.copyOfRange(run, 2, run.length), out);
            out.flush();
            printed.writeTo(answers);
            answers.print("\n\u001e" + status + "\n");
            answers.flush();
        }
    }

    private static int run(String tool, String[] args, PrintStream out) throws Exception {
        exited = null;
        try {
            Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) args);
            return exited == null ? 0 : exited.status;
        } catch (InvocationTargetException failed) {
            if (exited != null) return exited.status;
            failed.getCause().printStackTrace(out);
            return 1;
        } finally {
            shutDown();
        }
    }

    /** Does at the end of a run what its tool left for the end of the process, such as to close its clients. */
    private static void shutDown() throws Exception {
        Field field = Class.forName("java.lang.ApplicationShutdownHooks").getDeclaredField("hooks");
        field.setAccessible(true);
        for (Object hook : List.copyOf(((Map<?, ?>) field.get(null)).keySet())) {
            if (hook instanceof Thread thread && Runtime.getRuntime().removeShutdownHook(thread)) {
                thread.start();
                thread.join();
            }
        }
    }
}
