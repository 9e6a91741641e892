package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.simulation.LyingDisk.Lie;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// T10: the log with a mistake in it. The simulation has to see each of them; else it would not see a mistake of ours either.
///
/// A mistake is made in the disk that the log is given, or in one of its classes, which is patched as it is loaded.
class MutantsTest {
    /// A mistake that is not seen in so many seeds is not seen.
    private static final int SEEDS = 400;

    private static final long FIRST_SEED = 1;

    private interface Mutant {
        List<String> search(int seeds) throws ReflectiveOperationException;
    }

    private static Mutant onDisk(Lie lie) {
        return seeds -> Simulation.search(FIRST_SEED, seeds, disk -> new LyingDisk(disk, lie));
    }

    /// @param where the class's name below `io.openwit`
    private static Mutant inClass(String where, String method, CodeTransform change) {
        return seeds -> {
            AtomicBoolean applied = new AtomicBoolean();
            ClassTransform transform = ClassTransform.transformingMethodBodies(
                    model -> named(model, method, applied), change);
            List<String> found = search(new MutantLoader(MutantsTest.class.getClassLoader(), "io.openwit." + where, transform), seeds);
            assertThat(applied).as("%s has a method %s", where, method).isTrue();
            return found;
        };
    }

    private static boolean named(MethodModel model, String method, AtomicBoolean applied) {
        boolean same = model.methodName().equalsString(method);
        applied.compareAndSet(false, same);
        return same;
    }

    /// In another class loader, whose classes have the same names and are not the same.
    @SuppressWarnings("unchecked")
    private static List<String> search(ClassLoader loader, int seeds) throws ReflectiveOperationException {
        Class<?> mutation = loader.loadClass(Mutation.class.getName());
        Field none = mutation.getDeclaredField("NONE");
        Method search = loader.loadClass(Simulation.class.getName())
                .getDeclaredMethod("search", long.class, int.class, mutation);
        none.setAccessible(true);
        search.setAccessible(true);
        return (List<String>) search.invoke(null, FIRST_SEED, seeds, none.get(null));
    }

    /// A method that does nothing but this.
    private static CodeTransform instead(Consumer<CodeBuilder> body) {
        return CodeTransform.ofStateful(() -> new CodeTransform() {
            private boolean written;

            @Override
            public void accept(CodeBuilder code, CodeElement element) {
                if (!written) {
                    written = true;
                    body.accept(code);
                }
            }
        });
    }

    private int killed;
    private int total;

    private void mustBeSeen(String name, Mutant mutant) throws ReflectiveOperationException {
        List<String> found = mutant.search(SEEDS);
        total++;
        killed += found.isEmpty() ? 0 : 1;
        System.out.printf("mutant %s: %s%n", name, found.isEmpty() ? "lives" : found.getFirst().lines().findFirst().orElse(""));
    }

    @Test
    void everyMistakeIsSeenAndTheLogAsItIsIsNot() throws ReflectiveOperationException {
        ClassDesc list = ClassDesc.of("java.util.List");
        ClassDesc writeLoop = ClassDesc.of("io.openwit.ingest.WriteLoop");
        ClassDesc earlyAnswer = ClassDesc.of("io.openwit.ingest.EarlyAnswer");

        mustBeSeen("early acknowledgement", inClass("ingest.WriteLoop", "write", (code, element) -> {
            if (element instanceof InvokeInstruction call && call.name().equalsString("force")) {
                code.aload(0)
                        .getfield(writeLoop, "group", list)
                        .invokestatic(earlyAnswer, "answer", MethodTypeDesc.of(ConstantDescs.CD_void, list));
            }
            code.with(element);
        }));
        mustBeSeen("no force", onDisk(Lie.NO_FORCE));
        mustBeSeen("retried force", onDisk(Lie.RETRIED_FORCE));
        mustBeSeen("no directory sync", onDisk(Lie.NO_DIRECTORY_SYNC));
        mustBeSeen(
                "early delete",
                inClass("ingest.wal.Keeper", "rowsPassed", instead(code -> code.loadConstant(Long.MAX_VALUE).lreturn())));
        mustBeSeen("no CRC", inClass("ingest.wal.Checksum", "value", instead(code -> code.iconst_0().ireturn())));
        mustBeSeen("no copy of the last group", inClass("ingest.wal.Recovery", "findDoubtful", instead(CodeBuilder::return_)));
        List<String> asItIs = new ArrayList<>(
                search(new MutantLoader(MutantsTest.class.getClassLoader(), "", ClassTransform.ACCEPT_ALL), SEEDS / 10));
        System.out.printf("mutants: %d of %d killed%n", killed, total);

        assertThat(killed).isEqualTo(total);
        assertThat(asItIs).as("the log as it is").isEmpty();
    }
}
