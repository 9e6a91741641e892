package io.openwit.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchIdTest {
    @Test
    void isReadFromTheRightAsNodeNamesMayHoldDashes() {
        BatchId id = BatchId.parse("eu-west-n1-5e0f93aa-3-8192");

        assertThat(id).isEqualTo(new BatchId(new NodeId("eu-west-n1"), 0x5e0f93aa, 3, 8192));
        assertThat(id).hasToString("eu-west-n1-5e0f93aa-3-8192");
    }

    @Test
    void keepsAnIncarnationWhoseHighestBitIsSet() {
        BatchId id = new BatchId(new NodeId("n1"), 0x80000001, 1, 1);

        assertThat(BatchId.parse(id.toString())).isEqualTo(id);
    }

    @Test
    void isOrderedByEpochThenSequence() {
        NodeId n1 = new NodeId("n1");

        assertThat(new BatchId(n1, 9, 2, 1)).isGreaterThan(new BatchId(n1, 10, 1, 99));
        assertThat(new BatchId(n1, 9, 2, 10)).isGreaterThan(new BatchId(n1, 9, 2, 9));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "n1", "n1-3-4", "n1-5e0f93a-3-4", "n1-5e0f93aa-0-4", "n1-5e0f93aa-3-", "-5e0f93aa-3-4",
        "n1-5e0f93aa-3--4", "n 1-5e0f93aa-3-4", "n1-zzzzzzzz-3-4"})
    void refusesWhatIsNoId(String text) {
        assertThatThrownBy(() -> BatchId.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a batch id");
    }
}
