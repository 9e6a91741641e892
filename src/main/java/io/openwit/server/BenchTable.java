package io.openwit.server;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What was measured, line by line, with the target beside the figure where there is one. Not thread-safe.
final class BenchTable {
    private static final String REACHED = "reached";
    private static final String MISSED = "MISSED";

    private final String title;
    private final List<Line> lines = new ArrayList<>();

    /// @param target empty where there is none
    /// @param verdict empty where there is no target
    private record Line(String what, String figure, String target, String verdict) {}

    BenchTable(String title) {
        this.title = title;
    }

    /// A figure that has no target: a limit of the machine, or something to compare with.
    void add(String what, String figure) {
        lines.add(new Line(what, figure, "", ""));
    }

    void add(String what, String figure, String target, boolean reached) {
        lines.add(new Line(what, figure, target, reached ? REACHED : MISSED));
    }

    void print(PrintWriter out) {
        int whatWidth = lines.stream().mapToInt(line -> line.what.length()).max().orElse(1);
        int figureWidth = lines.stream().mapToInt(line -> line.figure.length()).max().orElse(1);
        int targetWidth = lines.stream().mapToInt(line -> line.target.length()).max().orElse(1);
        String form = "%-" + whatWidth + "s   %-" + figureWidth + "s   %-" + Math.max(6, targetWidth) + "s   %s";
        out.println(title);
        out.println(String.format(Locale.ROOT, form, "", "measured", "target", "").stripTrailing());
        for (Line line : lines) {
            out.println(String.format(Locale.ROOT, form, line.what, line.figure, line.target, line.verdict)
                    .stripTrailing());
        }
        out.println();
        out.flush();
    }
}
