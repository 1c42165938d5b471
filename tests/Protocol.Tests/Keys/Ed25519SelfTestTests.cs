using System.Security.Cryptography;
using FederationNode.Protocol.Keys;
using Xunit;

namespace FederationNode.Protocol.Tests.Keys;

public sealed class Ed25519SelfTestTests
{
    [Fact]
    public void Run_ShippedLibrary_Passes() => Ed25519SelfTest.Run();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_VerifierThatAlwaysAnswersTheSame_Throws(bool answer) =>
        Assert.Throws<CryptographicException>(() => Ed25519SelfTest.Run((_, _, _) => answer, _ => true));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_PointCheckThatAlwaysAnswersTheSame_Throws(bool answer) =>
        Assert.Throws<CryptographicException>(() => Ed25519SelfTest.Run(
            (key, message, signature) =>
                VerificationKey.Create("x", NoteKeyType.Ed25519, key).Verify(message, signature),
            _ => answer));
}
