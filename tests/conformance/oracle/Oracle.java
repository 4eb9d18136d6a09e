import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/**
 * Asks Apache Flink what expressions are worth.
 *
 * <p>Arguments: the directory of questions ({@code *.txt}, one expression a line, {@code -- zone Z} for
 * those that follow), the source row as NDJSON, and optionally the families to ask. Beside each
 * {@code family.txt} it writes {@code family.jsonl}: the value cast to STRING and the type, or the error.
 *
 * <p>Many expressions are asked in one query; a query that fails is halved until the expressions that
 * fail are alone. All queries run on one small cluster in this process.
 */
public class Oracle {
  private static final int BATCH = 24;

  /** One expression, and what Flink made of it. */
  private static final class Question {
    final String expr;
    final String zone;
    String type;
    String value;
    String error;
    String message;

    Question(String expr, String zone) {
      this.expr = expr;
      this.zone = zone;
    }

    String line() {
      StringBuilder b = new StringBuilder("{\"expr\":").append(quote(expr));
      if (zone != null) {
        b.append(",\"zone\":").append(quote(zone));
      }
      if (error != null) {
        b.append(",\"error\":").append(quote(error)).append(",\"message\":").append(quote(message));
      } else {
        b.append(",\"value\":").append(value == null ? "null" : quote(value));
      }
      if (type != null) {
        b.append(",\"type\":").append(quote(type));
      }
      return b.append('}').toString();
    }
  }

  static String quote(String text) {
    StringBuilder b = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      switch (c) {
        case '"' -> b.append("\\\"");
        case '\\' -> b.append("\\\\");
        case '\n' -> b.append("\\n");
        default -> {
          if (c < 32 || c == 127 || Character.isSurrogate(c) && !paired(text)) {
            b.append(String.format("\\u%04x", (int) c));
          } else {
            b.append(c);
          }
        }
      }
    }
    return b.append('"').toString();
  }

  /** Whether a text has no lone half of a character beyond the basic plane. */
  private static boolean paired(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  static String reason(Throwable t) {
    while (t.getCause() != null) {
      t = t.getCause();
    }
    return String.valueOf(t.getMessage()).split("\n")[0];
  }

  private final TableEnvironment env;

  /** A table environment on a small cluster in this process, which all queries share. */
  static TableEnvironment environment() throws Exception {
    Configuration conf = new Configuration();
    conf.setString("parallelism.default", "1");
    conf.setString("rest.bind-port", "0");
    conf.setString("rest.bind-address", "127.0.0.1");
    conf.setString("restart-strategy.type", "none");
    MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
        .setConfiguration(conf).setNumTaskManagers(1).setNumSlotsPerTaskManager(4).build());
    cluster.start();
    conf.setString("execution.target", "remote");
    conf.setString("rest.address", "127.0.0.1");
    conf.setString("rest.port", String.valueOf(cluster.getRestAddress().get().getPort()));
    return TableEnvironment.create(
        EnvironmentSettings.newInstance().withConfiguration(conf).inStreamingMode().build());
  }

  private Oracle(String source) throws Exception {
    env = environment();
    env.executeSql("create table src (d string, bad string, nul string, e string, ts string) with ("
        + "'connector'='filesystem','path'='" + source + "','format'='json')");
  }

  /** Plans one expression: its type, or the reason why Flink refuses it. */
  private void plan(Question q) {
    try {
      q.type = env.sqlQuery("select (" + q.expr + "), cast((" + q.expr + ") as string) from src")
          .getResolvedSchema().getColumnDataTypes().get(0).getLogicalType().asSummaryString();
    } catch (Throwable t) {
      q.type = null;
      q.error = "plan";
      q.message = reason(t);
    }
  }

  private void run(List<Question> batch) {
    if (batch.isEmpty()) {
      return;
    }
    StringBuilder query = new StringBuilder("select ");
    for (int i = 0; i < batch.size(); i++) {
      query.append(i == 0 ? "" : ", ").append("cast((").append(batch.get(i).expr).append(") as string)");
    }
    boolean planned = false;
    try (CloseableIterator<Row> rows = start(query.append(" from src").toString())) {
      planned = true;
      Row row = rows.next();
      for (int i = 0; i < batch.size(); i++) {
        Object value = row.getField(i);
        batch.get(i).value = value == null ? null : value.toString();
      }
    } catch (Throwable t) {
      if (batch.size() > 1) {
        run(batch.subList(0, batch.size() / 2));
        run(batch.subList(batch.size() / 2, batch.size()));
        return;
      }
      Question q = batch.get(0);
      q.error = planned ? "run" : "plan";
      q.message = reason(t);
    }
  }

  private CloseableIterator<Row> start(String query) {
    return env.executeSql(query).collect();
  }

  private void answer(List<Question> questions) {
    List<Question> batch = new ArrayList<>();
    String zone = null;
    env.getConfig().setLocalTimeZone(ZoneId.of("UTC"));
    for (Question q : questions) {
      boolean other = zone == null ? q.zone != null : !zone.equals(q.zone);
      if (other || batch.size() == BATCH) {
        run(batch);
        batch.clear();
        zone = q.zone;
        env.getConfig().setLocalTimeZone(ZoneId.of(zone == null ? "UTC" : zone));
      }
      plan(q);
      if (q.error == null) {
        batch.add(q);
      }
    }
    run(batch);
  }

  static List<Question> read(Path file) throws Exception {
    List<Question> questions = new ArrayList<>();
    String zone = null;
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith("-- zone ")) {
        String name = line.substring(8).strip();
        zone = name.equals("UTC") ? null : name;
      } else if (!line.isBlank() && !line.startsWith("--")) {
        questions.add(new Question(line, zone));
      }
    }
    return questions;
  }

  public static void main(String[] args) throws Exception {
    Oracle oracle = new Oracle(Path.of(args[1]).toUri().toString());
    List<String> wanted = List.of(args).subList(2, args.length);
    List<Path> files;
    try (Stream<Path> all = Files.list(Path.of(args[0]))) {
      files = all.filter(f -> f.toString().endsWith(".txt")).sorted().toList();
    }
    for (Path file : files) {
      String family = file.getFileName().toString().replace(".txt", "");
      if (!wanted.isEmpty() && !wanted.contains(family)) {
        continue;
      }
      List<Question> questions = read(file);
      oracle.answer(questions);
      Path answers = file.resolveSibling(family + ".jsonl");
      try (PrintStream out = new PrintStream(answers.toFile(), StandardCharsets.UTF_8)) {
        questions.forEach(q -> out.println(q.line()));
      }
      long refused = questions.stream().filter(q -> q.error != null).count();
      System.out.printf("%-12s %4d expressions, %d errors%n", family, questions.size(), refused);
    }
    System.exit(0);
  }
}
