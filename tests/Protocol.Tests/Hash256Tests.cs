using Xunit;

namespace FederationNode.Protocol.Tests;

public sealed class Hash256Tests
{
    [Theory]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", true)]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeFf", false)]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeef", false)]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0", false)]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg", false)]
    [InlineData(" 0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", false)]
    [InlineData("", false)]
    public void TryParseLowerHex_OneTextForEachHash(string text, bool isHash)
    {
        Assert.Equal(isHash, Hash256.TryParseLowerHex(text, out var hash));
        Assert.True(!isHash || hash.ToString() == text);
    }
}
