using System.Text;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Protocol.Tests.Examples;

/// <summary>The trust anchor, two versions of the roster and an enrolment request.</summary>
internal static class RosterExample
{
    // The first byte of each seed; the seed counts up from there.
    private static readonly (string Name, int Start)[] s_logs =
    [
        ("demo/secretariat/roster/1", 0x20), ("demo/secretariat/receipts/1", 0x30),
        ("demo/alpha/indicators/1", 0x00), ("demo/alpha/receipts/1", 0x10),
        ("demo/beta/indicators/1", 0x40), ("demo/beta/receipts/1", 0x50),
        ("demo/alpha/indicators/2", 0x90),
    ];

    public static TrustAnchor Anchor { get; } = new()
    {
        Coalition = "demo",
        Threshold = 2,
        SecretariatKeys = [Secretariat(1), Secretariat(2), Secretariat(3)],
        RosterLogKey = LogKey(0).VerificationKey,
        Endpoint = "https://secretariat.example:7100",
        TlsPin = DemoLogs.Pin("secretariat"),
    };

    public static RosterDocument First { get; } = new()
    {
        Coalition = "demo",
        Version = 1,
        Issued = DemoLogs.Issued,
        Expires = DemoLogs.Issued + (365 * 86_400),
        Threshold = 2,
        SecretariatKeys = Anchor.SecretariatKeys,
        Members = [Member("secretariat", 0, 1), Member("alpha", 2, 3)],
    };

    public static EnrolmentRequest Request { get; } = new()
    {
        Coalition = "demo",
        Name = "beta",
        Endpoint = "",
        TlsPin = DemoLogs.Pin("beta"),
        Logs = [LogKey(4).VerificationKey, LogKey(5).VerificationKey],
    };

    public static RosterDocument Second { get; } = First with
    {
        Version = 2,
        Issued = DemoLogs.Issued + 86_400,
        SellerKeys = [new SellerKey("tel", 1, new Hash256(SellerExample.Key.PublicKey.Span))],
        Members = [.. First.Members, Request.ToMember("member")],
    };

    public static byte[] SignedFirst { get; } = SignedNote.Sign(First.ToText(), SecretariatKey(1), SecretariatKey(2));

    public static byte[] SignedSecond { get; } = SignedNote.Sign(Second.ToText(), SecretariatKey(1), SecretariatKey(3));

    public static byte[] SignedRequest { get; } = Request.Sign([LogKey(4), LogKey(5)]);

    public static EpochRequest EpochRequest { get; } = new()
    {
        TlsPin = DemoLogs.Pin("alpha"),
        Key = LogKey(6).VerificationKey,
    };

    public static byte[] SignedEpochRequest { get; } = EpochRequest.Sign([LogKey(6), LogKey(2), LogKey(3)]);

    public static string Write() => new Page()
        .Heading("17.7 Trust anchor, roster, enrolment")
        .Text("The secretariat's keys have the seeds that begin with `60`, `70` and `80`, its logs `roster` and `receipts` those\n"
            + "that begin with `20` and `30`; the logs `indicators` and `receipts` have `00` and `10` for alpha, `40` and `50` for\n"
            + "beta. Each TLS pin is `SHA-256(\"TLS key of <name>\")`, which stands for a certificate's key here.")
        .Text("`coalition.json`:")
        .Verbatim(Anchor.ToText())
        .Text("Version 1 of the roster, signed with the keys 1 and 2 of three:")
        .Verbatim(Encoding.UTF8.GetString(SignedFirst))
        .Text("The enrolment request of beta, which only dials:")
        .Verbatim(Encoding.UTF8.GetString(SignedRequest))
        .Text("Version 2 of the roster takes beta in and names the key for tags of telephone numbers (17.8). It is signed with\nthe keys 1 and 3:")
        .Verbatim(Encoding.UTF8.GetString(SignedSecond))
        .Text("Alpha's request for the second epoch of its log `indicators`, whose key has the seed that begins with `90`. The keys of\n"
            + "its logs of the first epoch sign it, too. The fingerprint of the new key is\n"
            + $"`{EpochRequest.Fingerprint}`:")
        .Verbatim(Encoding.UTF8.GetString(SignedEpochRequest))
        .ToString();

    private static SigningKey LogKey(int number) => DemoLogs.Key(s_logs[number].Name, s_logs[number].Start);

    private static SigningKey SecretariatKey(int number) =>
        DemoLogs.Key($"demo/secretariat/key-{number}", 0x50 + (0x10 * number));

    private static VerificationKey Secretariat(int number) => SecretariatKey(number).VerificationKey;

    private static RosterMember Member(string name, params int[] logs) => new()
    {
        Name = name,
        Endpoint = $"https://{name}.example:7100",
        TlsPin = DemoLogs.Pin(name),
        Roles = [name == "alpha" ? "member" : name],
        Logs = [.. logs.Select(n => new RosterLog(Origin.Parse(s_logs[n].Name), LogKey(n).VerificationKey))],
    };
}
