package io.openwit.source.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReceptionTest {
    private final Reception.Factory server = new Reception.Factory(100, 150);
    private final List<String> heard = new ArrayList<>();

    @Test
    void aMessageAtTheLimitIsReceivedAndALargerOneIsNot() {
        call("a").inboundWireSize(100);
        assertThat(heard).isEmpty();

        call("b").inboundWireSize(60);
        assertThat(heard).containsExactly("b too much");

        ServerStreamTracer largest = new Reception.Factory(100, 1000).newServerStreamTracer("m", new Metadata());
        ((Reception) largest).onExcess(excess("c"));
        largest.inboundWireSize(50);
        largest.inboundWireSize(51);
        largest.inboundWireSize(1000);
        assertThat(heard).containsExactly("b too much", "c too large");
    }

    @Test
    void whatHasArrivedWholeOrWasClosedCountsNoLonger() {
        ServerStreamTracer whole = call("whole");
        whole.inboundWireSize(90);
        whole.inboundMessageRead(0, 90, 90);
        ServerStreamTracer cancelled = call("cancelled");
        cancelled.inboundWireSize(90);
        cancelled.streamClosed(Status.CANCELLED);
        cancelled.streamClosed(Status.CANCELLED);
        call("refused").inboundWireSize(101);

        call("next").inboundWireSize(100);
        call("beside").inboundWireSize(50);
        assertThat(heard).containsExactly("refused too large");

        call("one more").inboundWireSize(1);
        assertThat(heard).containsExactly("refused too large", "one more too much");
    }

    private ServerStreamTracer call(String name) {
        Reception reception = (Reception) server.newServerStreamTracer("service/method", new Metadata());
        reception.onExcess(excess(name));
        return reception;
    }

    private Reception.Excess excess(String name) {
        return new Reception.Excess() {
            @Override
            public void messageTooLarge() {
                heard.add(name + " too large");
            }

            @Override
            public void tooMuchAtOnce() {
                heard.add(name + " too much");
            }
        };
    }
}
