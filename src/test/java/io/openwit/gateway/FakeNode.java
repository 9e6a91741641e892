package io.openwit.gateway;

import io.openwit.model.Batch;
import io.openwit.model.BatchConsumer;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// An ingest node whose answers the test gives, one batch at a time or by a rule.
final class FakeNode implements BatchConsumer {
    private final BlockingQueue<Offer> offers = new LinkedBlockingQueue<>();
    private volatile @Nullable Function<Batch, Outcome> rule;
    private int taken;

    /// A batch that waits for its outcome.
    record Offer(Batch batch, CompletableFuture<Outcome> outcome) {
        int rows() {
            return batch.header().rows();
        }

        int parts() {
            return batch.header().parts();
        }

        void accept() {
            outcome.complete(new Accepted(rows(), 0, 0, ""));
        }

        void answer(Outcome answer) {
            outcome.complete(answer);
        }
    }

    /// From now on the node answers by itself; by the test again with null.
    void answerBy(@Nullable Function<Batch, Outcome> answers) {
        rule = answers;
    }

    @Override
    public Outcome consume(Batch batch) {
        Function<Batch, Outcome> present = rule;
        if (present != null) {
            return present.apply(batch);
        }
        Offer offer = new Offer(batch, new CompletableFuture<>());
        offers.add(offer);
        return offer.outcome.join();
    }

    /// The next batch; fails where none comes.
    Offer next() {
        Offer offer = poll(10_000);
        if (offer == null) {
            throw new AssertionError("no batch came");
        }
        taken++;
        return offer;
    }

    /// How many batches [#next] has given.
    int taken() {
        return taken;
    }

    /// Accepts all that comes, and all that has come.
    void answerAll() {
        answerBy(batch -> new Accepted(batch.header().rows(), 0, 0, ""));
        for (Offer offer = offers.poll(); offer != null; offer = offers.poll()) {
            offer.accept();
        }
    }

    private @Nullable Offer poll(long millis) {
        try {
            return offers.poll(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
