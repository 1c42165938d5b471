using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Node.Api.Indicators;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Api.Changes;

/// <summary>
/// Writes the whole list as lines of JSON, in parts, while it changes: memory is bounded by a part, and a slow reader
/// holds nobody up. Whatever changed meanwhile comes after the header's cursor.
/// </summary>
internal sealed class SnapshotWriter(
    MergedList list, ChangeReader changes, NodeIdentity identity, IndicatorDescriber describer)
{
    public const string Format = "fednode-snapshot/1";

    private const int WalkPart = 256;

    private const int FlushBytes = 64 * 1024;

    /// <summary>Writes a snapshot.</summary>
    /// <param name="output">Where to; flushed now and then, not completed.</param>
    /// <param name="document">The roster in force.</param>
    /// <param name="ended">Gives it up; what is written then has no last line.</param>
    public async Task WriteAsync(PipeWriter output, RosterDocument document, CancellationToken ended)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var lines = new ArrayBufferWriter<byte>(2 * FlushBytes);
        await using var json = new Utf8JsonWriter(lines, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder });

        // The cursor first: what changes while the rows are read is told of after it.
        var cursor = changes.Now(document);
        var current = list.Glance;
        WriteLine(lines, json, new SnapshotHeader(
            Format,
            identity.Coalition,
            identity.Member,
            describer.Now,
            cursor.ToString(),
            ChangeReader.Facts(document),
            current.Digest.ToString(),
            current.InForce,
            current.Indicators));

        var count = 0L;
        var states = new List<IndicatorState>();
        for (int? place = 0; place is { } from;)
        {
            states.Clear();
            place = list.Walk(from, WalkPart, states);
            foreach (var state in states)
            {
                WriteLine(lines, json, describer.SummariseWhole(state, describer.Now));
                count++;
                if (lines.WrittenCount >= FlushBytes)
                {
                    await FlushAsync(output, lines, sum, ended);
                }
            }
        }

        await FlushAsync(output, lines, sum, ended);
        WriteLine(lines, json, new SnapshotEnd(true, count, Convert.ToHexStringLower(sum.GetCurrentHash())));
        await FlushAsync(output, lines, sum, ended);
    }

    private static void WriteLine<T>(ArrayBufferWriter<byte> lines, Utf8JsonWriter json, T line)
    {
        json.Reset();
        JsonSerializer.Serialize(json, line, ApiJson.Options);
        json.Flush();
        lines.Write("\n"u8);
    }

    private static async Task FlushAsync(
        PipeWriter output, ArrayBufferWriter<byte> lines, IncrementalHash sum, CancellationToken ended)
    {
        sum.AppendData(lines.WrittenSpan);
        await output.WriteAsync(lines.WrittenMemory, ended);
        lines.ResetWrittenCount();
    }
}
