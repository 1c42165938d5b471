using System.Text.Json;
using FederationNode.Protocol.Sellers;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers;

/// <summary>Every published vector of the suite ristretto255-SHA512 for the modes that tags can use.</summary>
public class Rfc9497Tests
{
    private static readonly JsonElement[] Modes = ReadModes();

    /// <summary>mode, number of the vector.</summary>
    public static TheoryData<int, int> Vectors()
    {
        var data = new TheoryData<int, int>();
        foreach (var mode in Modes.Where(mode => Number(mode, "mode") <= 1))
        {
            for (var i = 0; i < mode.GetProperty("vectors").GetArrayLength(); i++)
            {
                data.Add(Number(mode, "mode"), i);
            }
        }

        return data;
    }

    // Mode 2 (POPRF) is in the file but not in the code: it needs another evaluation, k + H(info) inverted, that
    // nothing of ours would call, so testing it would test an implementation written for the test. Type and epoch
    // choose the key instead of being public input. A new mode in the file fails here.
    [Fact]
    public void VectorFile_Modes_AreTheTwoImplementedAndPoprf()
    {
        Assert.Equal([0, 1, 2], Modes.Select(mode => Number(mode, "mode")));
        Assert.All(Modes, mode => Assert.Equal("ristretto255-SHA512", mode.GetProperty("identifier").GetString()));
        Assert.Equal(5, Vectors().Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void DeriveFromSeed_Vector_GivesThePublishedKey(int mode)
    {
        var suite = Modes[mode];
        using var key = Key(mode);

        var bytes = new byte[VoprfSecretKey.Size];
        key.CopyTo(bytes);
        Assert.Equal(suite.GetProperty("skSm").GetString(), Convert.ToHexStringLower(bytes));
        if (suite.TryGetProperty("pkSm", out var publicKey))
        {
            Assert.Equal(publicKey.GetString(), key.PublicKey.ToString());
        }
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Protocol_Vector_GivesEveryPublishedValue(int mode, int index)
    {
        var vector = Modes[mode].GetProperty("vectors")[index];
        var oprfMode = (OprfMode)mode;
        using var key = Key(mode);
        var inputs = List(vector, "Input");
        var outputs = List(vector, "Output");
        var states = inputs.Zip(List(vector, "Blind"))
            .Select(pair => VoprfClient.BlindWith(pair.First, Scalar(pair.Second), oprfMode)).ToArray();
        var blinded = states.Select(state => state.BlindedElement).ToArray();
        var evaluated = VoprfServer.BlindEvaluate(key, blinded);

        Assert.Equal(Number(vector, "Batch"), states.Length);
        Assert.Equal(List(vector, "BlindedElement"), blinded.Select(element => element.ToArray()));
        Assert.Equal(List(vector, "EvaluationElement"), evaluated.Select(element => element.ToArray()));
        for (var i = 0; i < states.Length; i++)
        {
            Assert.Equal(outputs[i], VoprfClient.Finalize(states[i], evaluated[i]).Span.ToArray());
            Assert.Equal(outputs[i], VoprfServer.EvaluateLocally(key, inputs[i], oprfMode).Span.ToArray());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Proof_Vector_IsMadeAndAcceptedByteForByte(int index)
    {
        var vector = Modes[1].GetProperty("vectors")[index];
        var proofVector = vector.GetProperty("Proof");
        using var key = Key(1);
        var states = List(vector, "Input").Zip(List(vector, "Blind"))
            .Select(pair => VoprfClient.BlindWith(pair.First, Scalar(pair.Second))).ToArray();
        var blinded = states.Select(state => state.BlindedElement).ToArray();
        var evaluated = VoprfServer.BlindEvaluate(key, blinded);

        var made = DleqProof.CreateWithNonce(key, blinded, evaluated, Scalar(List(proofVector, "r")[0]));
        var published = List(proofVector, "proof")[0];
        Assert.Equal(published, made.ToArray());
        Assert.True(DleqProof.TryDecode(published, out var decoded, out var error), error);
        Assert.True(
            VoprfClient.TryFinalize(key.PublicKey, states, evaluated, decoded, out var outputs, out error), error);
        Assert.Equal(List(vector, "Output"), outputs.Select(output => output.Span.ToArray()));
    }

    private static VoprfSecretKey Key(int mode) =>
        VoprfSecretKey.DeriveFromSeed(List(Modes[mode], "seed")[0], List(Modes[mode], "keyInfo")[0], (OprfMode)mode);

    private static RistrettoScalar Scalar(byte[] bytes)
    {
        Assert.True(RistrettoScalar.TryDecode(bytes, out var scalar, out var error), error);
        return scalar;
    }

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static byte[][] List(JsonElement element, string name) =>
        [.. element.GetProperty(name).GetString()!.Split(',').Select(Convert.FromHexString)];

    private static JsonElement[] ReadModes()
    {
        var json = File.ReadAllText(TestFiles.Vector("rfc9497", "ristretto255-SHA512.json"));
        return [.. JsonDocument.Parse(json).RootElement.EnumerateArray()];
    }
}
