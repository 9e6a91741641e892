package io.openwit.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.MalformedBatchException;
import io.openwit.model.NodeId;
import io.openwit.model.Signal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchMetadataTest {
    private static BatchMetadata parse(String json) throws MalformedBatchException {
        return BatchMetadata.parse(json.getBytes(UTF_8));
    }

    @Test
    void theManualsExampleIsRead() throws MalformedBatchException {
        BatchMetadata metadata = parse("{\"batch_id\":\"n1-5e0f93aa-3-8192\",\"tenant\":\"acme\",\"signal\":\"logs\","
                + "\"rows\":2000,\"sender\":\"n1\",\"sender_epoch\":4,\"settled\":\"n1-5e0f93aa-3-8100\","
                + "\"later\":{\"a\":[1,{}]}}");

        assertThat(metadata.id()).hasToString("n1-5e0f93aa-3-8192");
        assertThat(metadata.tenant().value()).isEqualTo("acme");
        assertThat(metadata.signal()).isEqualTo(Signal.LOGS);
        assertThat(metadata.rows()).isEqualTo(2000);
        assertThat(metadata.sender()).contains(new NodeId("n1"));
        assertThat(metadata.senderEpoch()).isEqualTo(4);
    }

    @Test
    void aReplayHasNoSender() throws MalformedBatchException {
        BatchMetadata metadata =
                parse("{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":1}");

        assertThat(metadata.sender()).isEmpty();
        assertThat(metadata.senderEpoch()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{}",
                "{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":1} x",
                "{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"../x\",\"signal\":\"logs\",\"rows\":1}",
                "{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"profiles\",\"rows\":1}",
                "{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":-1}",
                "{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":99999999999}",
                "{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":1.5}",
                "{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\"}",
                "{\"batch_id\":\"n1-5e0f93aa-3-01\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":1}",
                "{\"batch_id\":\"n1-5E0F93AA-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":1}",
                "{\"batch_id\":7,\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":1}",
                "{\"rows\":1,\"rows\":2,\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\"}",
                "{\"batch_id\":\"n1-5e0f93aa-3-1\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":1,\"sender_epoch\":3}"
            })
    void whatIsNotSuchAnObjectIsRefused(String json) {
        assertThatThrownBy(() -> parse(json)).isInstanceOf(MalformedBatchException.class);
    }

    @Test
    void aHugeOneIsRefusedUnread() {
        assertThatThrownBy(() -> parse("{\"a\":\"" + "x".repeat(BatchMetadata.MAX_BYTES) + "\"}"))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessageContaining("bytes");
    }
}
