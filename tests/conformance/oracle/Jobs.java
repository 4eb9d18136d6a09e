import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs whole jobs on Apache Flink.
 *
 * <p>Arguments: the directory of jobs, and optionally their names. {@code NAME.sql} reads
 * {@code {dir}/in}, which is {@code NAME.ndjson}, and writes {@code {dir}/out/TABLE}. Its rows go to
 * {@code NAME.rows}: a line of {@code {"table":..,"row":..}} each, sorted by table, or one line with
 * the error.
 */
public class Jobs {
  private static final Pattern SET = Pattern.compile("(?is)set\\s+'([^']*)'\\s*=\\s*'([^']*)'");
  private static final Pattern SET_OPENS =
      Pattern.compile("(?is)(?:begin\\s+statement\\s+set|execute\\s+statement\\s+set\\s+begin)(.*)");

  private final TableEnvironment env;
  private StatementSet open;

  private Jobs() throws Exception {
    env = Oracle.environment();
  }

  /** The statements of a script, without the semicolons between them. */
  static List<String> statements(String script) {
    List<String> all = new ArrayList<>();
    StringBuilder one = new StringBuilder();
    char quote = 0;
    for (int i = 0; i < script.length(); i++) {
      char c = script.charAt(i);
      boolean comment = quote == 0 && (script.startsWith("--", i) || script.startsWith("/*", i));
      if (comment) {
        String closing = c == '-' ? "\n" : "*/";
        int end = script.indexOf(closing, i);
        i = end < 0 ? script.length() : end + closing.length() - 1;
        one.append('\n');
      } else if (quote == 0 && c == ';') {
        all.add(one.toString().strip());
        one.setLength(0);
      } else {
        if (quote == c) {
          quote = 0;
        } else if (quote == 0 && (c == '\'' || c == '`')) {
          quote = c;
        }
        one.append(c);
      }
    }
    all.add(one.toString().strip());
    all.removeIf(String::isEmpty);
    return all;
  }

  private void execute(String statement) throws Exception {
    Matcher set = SET.matcher(statement);
    Matcher opens = SET_OPENS.matcher(statement);
    if (set.matches()) {
      env.getConfig().set(set.group(1), set.group(2));
    } else if (opens.matches()) {
      open = env.createStatementSet();
      if (!opens.group(1).isBlank()) {
        open.addInsertSql(opens.group(1).strip());
      }
    } else if (statement.equalsIgnoreCase("end")) {
      open.execute().await();
      open = null;
    } else if (open != null) {
      open.addInsertSql(statement);
    } else if (statement.toLowerCase().startsWith("insert")) {
      env.executeSql(statement).await();
    } else {
      env.executeSql(statement);
    }
  }

  private List<String> run(Path sql) throws Exception {
    Path dir = Files.createTempDirectory("job");
    Path input = dir.resolve("in");
    Files.createDirectories(input);
    Path messages = Path.of(sql.toString().replace(".sql", ".ndjson"));
    Files.copy(messages, input.resolve("messages.json"));
    String script = Files.readString(sql).replace("{dir}", dir.toString());
    env.getConfig().set("table.local-time-zone", "UTC");
    open = null;
    try {
      for (String statement : statements(script)) {
        execute(statement);
      }
    } catch (Throwable t) {
      boolean ran = t instanceof java.util.concurrent.ExecutionException;
      return List.of("{\"error\":\"" + (ran ? "run" : "plan") + "\",\"message\":"
          + Oracle.quote(Oracle.reason(t).replace(dir.toString(), "{dir}")) + "}");
    } finally {
      drop();
    }
    return rows(dir.resolve("out"));
  }

  private void drop() {
    for (String view : env.listTemporaryViews()) {
      env.dropTemporaryView(view);
    }
    for (String view : env.listViews()) {
      env.executeSql("drop view if exists `" + view + "`");
    }
    for (String table : env.listTables()) {
      env.executeSql("drop table if exists `" + table + "`");
    }
  }

  private static List<String> rows(Path out) throws Exception {
    TreeMap<String, List<String>> tables = new TreeMap<>();
    if (Files.exists(out)) {
      try (Stream<Path> files = Files.walk(out)) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          String table = out.relativize(file).getName(0).toString();
          tables.computeIfAbsent(table, t -> new ArrayList<>()).addAll(Files.readAllLines(file));
        }
      }
    }
    List<String> lines = new ArrayList<>();
    tables.forEach((table, rows) -> rows.forEach(
        row -> lines.add("{\"table\":" + Oracle.quote(table) + ",\"row\":" + row + "}")));
    return lines;
  }

  public static void main(String[] args) throws Exception {
    Jobs jobs = new Jobs();
    List<String> wanted = List.of(args).subList(1, args.length);
    List<Path> files;
    try (Stream<Path> all = Files.list(Path.of(args[0]))) {
      files = all.filter(f -> f.toString().endsWith(".sql")).sorted().toList();
    }
    for (Path sql : files) {
      String name = sql.getFileName().toString().replace(".sql", "");
      if (!wanted.isEmpty() && !wanted.contains(name)) {
        continue;
      }
      List<String> lines = jobs.run(sql);
      Path answer = sql.resolveSibling(name + ".rows");
      try (PrintStream out = new PrintStream(answer.toFile(), StandardCharsets.UTF_8)) {
        lines.forEach(out::println);
      }
      System.out.printf("%-28s %3d lines%s%n", name, lines.size(),
          !lines.isEmpty() && lines.get(0).startsWith("{\"error\"") ? " " + lines.get(0) : "");
    }
    System.exit(0);
  }
}
