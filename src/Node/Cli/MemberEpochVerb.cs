using System.CommandLine;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode member new-epoch</c>: the member's half of a log's next epoch.</summary>
internal static class MemberEpochVerb
{
    public static Verb Create()
    {
        var data = new Option<string>("--data") { Description = "The folder of the member's node, running or stopped.", HelpName = "DIR", Required = true };
        var log = new Option<string>("--log")
        {
            Description = "The log that is to go on in its next epoch: indicators or receipts.",
            HelpName = "LOG",
            DefaultValueFactory = _ => Origin.Indicators,
        };
        var to = new Option<string?>("--out") { Description = "Where the request is written. Default: new-epoch-LOG-EPOCH.note in the node's folder.", HelpName = "FILE" };
        var verb = new Verb(
            "new-epoch",
            "Makes the key of a log's next epoch, and the request to the secretariat to close the log and open the next. "
                + "For a log that forked, or whose key may be in other hands. Made again, it is the same request. Tell the "
                + "secretariat the fingerprint over another channel, by telephone for example: with a stolen key anybody can ask.",
            "fednode member new-epoch --data ./acme",
            "fednode member new-epoch --data ./acme --log receipts --out acme-receipts.note")
        {
            data, log, to,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data));
            var (request, file, isNew) = await PrepareAsync(
                folder, parsed.GetRequiredValue(log), parsed.GetValue(to), cancel);
            output.Json(new { log = request.Origin.Text, fingerprint = request.Fingerprint, request = file, isNew });
            output.Line(isNew
                ? $"The key of {request.Origin} is made; the log opens when the secretariat has put it into the roster."
                : $"The key of {request.Origin} was made before; this is its request again.");
            Explain(output, request, file);
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>Tells people what to do with a request.</summary>
    public static void Explain(Output output, EpochRequest request, string file)
    {
        output.Line($"Fingerprint of the new key: {Grouped(request.Fingerprint)}");
        output.Line($"Send {file} to the secretariat, and tell it the fingerprint over another channel. It goes on with:");
        output.Line($"  fednode roster new-epoch {Path.GetFileName(file)} --data SECRETARIAT");
    }

    /// <summary>A fingerprint as people read it out: eight groups of eight digits.</summary>
    public static string Grouped(string fingerprint) => string.Join(' ', fingerprint.Chunk(8).Select(c => new string(c)));

    private static async Task<(EpochRequest Request, string File, bool IsNew)> PrepareAsync(
        NodeFolder folder, string log, string? to, CancellationToken cancel)
    {
        if (!EpochRequest.CanRequest(log))
        {
            throw new CliException(ExitCode.Usage, "--log must be indicators or receipts.");
        }

        var config = folder.ReadConfig();
        if (!PeerCertificate.TryLoad(folder.TlsFolder, out var certificate, out var fault))
        {
            throw new NodeFolderException(fault);
        }

        using var tls = certificate;
        var next = NextOf(await ReadRosterAsync(folder, cancel), config.Member, log);
        var keyFile = folder.KeyFile(next);
        var isNew = !File.Exists(keyFile);
        if (isNew)
        {
            using var made = new KeySet([next.Text]);
            made.Write(folder.KeyFolder);
        }

        using var keys = KeySet.Read(folder.KeyFolder);
        var key = keys.Private.FirstOrDefault(k => k.VerificationKey.Name == next.Text)
            ?? throw new NodeFolderException($"{keyFile} holds the key of another log: bring the right file back from a copy.");
        var request = new EpochRequest { TlsPin = certificate.Pin, Key = key.VerificationKey };

        // The other keys vouch for the new one; the newest stands first, for it must sign.
        var others = keys.Private.Where(k => k != key && EpochRequest.CanRequest(Origin.Parse(k.VerificationKey.Name).Log));
        var file = Path.GetFullPath(to ?? folder.EpochFile(next));
        WriteOnce(file, request.Sign([key, .. others]));
        return (request, file, isNew);
    }

    private static async Task<RosterDocument> ReadRosterAsync(NodeFolder folder, CancellationToken cancel)
    {
        await using var target = NodeTarget.Of(folder.Path, null, null, ApiRole.Auditor);
        return await target.ReadRosterAsync(cancel);
    }

    private static Origin NextOf(RosterDocument roster, string member, string log)
    {
        var newest = roster.Member(member)?.NewestLog(log)?.Origin
            ?? throw new CliException(
                ExitCode.Refused, $"The roster, version {roster.Version}, names no {log} log of {member} that could be closed.");
        return Origin.Create(newest.Coalition, newest.Member, newest.Log, newest.Epoch + 1);
    }

    /// <summary>The same request may be written again; another file is not overwritten.</summary>
    public static void WriteOnce(string file, byte[] note)
    {
        if (!File.Exists(file))
        {
            NodeFolder.WriteSecret(file, note);
        }
        else if (!NodeFolder.Read(file).AsSpan().SequenceEqual(note))
        {
            throw new CliException(
                ExitCode.BadFolder, $"{file} is there already and holds something else: move it away, or choose another file with --out.");
        }
    }
}
