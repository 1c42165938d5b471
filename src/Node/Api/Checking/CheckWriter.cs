using System.Buffers;
using System.Globalization;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Policy;

namespace FederationNode.Node.Api.Checking;

/// <summary>Writes verdicts: what the serializer would write of the same records, without asking their shapes each time.</summary>
internal static class CheckWriter
{
    private static readonly JsonEncodedText s_items = JsonEncodedText.Encode("items");
    private static readonly JsonEncodedText s_id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText s_line = JsonEncodedText.Encode("line");
    private static readonly JsonEncodedText s_error = JsonEncodedText.Encode("error");
    private static readonly JsonEncodedText s_verdict = JsonEncodedText.Encode("verdict");
    private static readonly JsonEncodedText s_matches = JsonEncodedText.Encode("matches");
    private static readonly JsonEncodedText s_indicatorId = JsonEncodedText.Encode("indicatorId");
    private static readonly JsonEncodedText s_kind = JsonEncodedText.Encode("kind");
    private static readonly JsonEncodedText s_category = JsonEncodedText.Encode("category");
    private static readonly JsonEncodedText s_reason = JsonEncodedText.Encode("reason");
    private static readonly JsonEncodedText s_listedBy = JsonEncodedText.Encode("listedBy");
    private static readonly JsonEncodedText s_member = JsonEncodedText.Encode("member");
    private static readonly JsonEncodedText s_since = JsonEncodedText.Encode("since");
    private static readonly JsonEncodedText s_disputedBy = JsonEncodedText.Encode("disputedBy");
    private static readonly JsonEncodedText s_confidence = JsonEncodedText.Encode("confidence");
    private static readonly JsonEncodedText s_start = JsonEncodedText.Encode("start");
    private static readonly JsonEncodedText s_length = JsonEncodedText.Encode("length");
    private static readonly JsonEncodedText s_distance = JsonEncodedText.Encode("distance");
    private static readonly JsonEncodedText s_evasions = JsonEncodedText.Encode("evasions");
    private static readonly JsonEncodedText s_listVersion = JsonEncodedText.Encode("listVersion");
    private static readonly JsonEncodedText s_listSize = JsonEncodedText.Encode("listSize");
    private static readonly JsonEncodedText s_ageSeconds = JsonEncodedText.Encode("ageSeconds");
    private static readonly JsonEncodedText s_stale = JsonEncodedText.Encode("stale");

    /// <summary>Digits of the longest number of a line.</summary>
    private const int MaxDigits = 20;

    /// <summary>Most answers by far are this one.</summary>
    private static ReadOnlySpan<byte> Nothing => """{"id":null,"verdict":"none","matches":[],"reason":null}"""u8;

    /// <summary>Begins a <see cref="CheckResponse"/>; its verdicts follow.</summary>
    public static void BeginResponse(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray(s_items);
    }

    /// <summary>Ends it.</summary>
    public static void EndResponse(Utf8JsonWriter json, in ListFacts list)
    {
        json.WriteEndArray();
        json.WriteString(s_listVersion, list.Version);
        json.WriteNumber(s_listSize, list.Size);
        WriteNumber(json, s_ageSeconds, list.AgeSeconds);
        json.WriteBoolean(s_stale, list.Stale);
        json.WriteEndObject();
    }

    /// <summary>Writes a <see cref="CheckVerdict"/>.</summary>
    public static void WriteVerdict(Utf8JsonWriter json, CheckVerdict verdict)
    {
        json.WriteStartObject();
        WriteText(json, s_id, verdict.Id);
        json.WriteString(s_verdict, verdict.Verdict);
        WriteMatches(json, verdict.Matches);
        WriteText(json, s_reason, verdict.Reason);
        json.WriteEndObject();
    }

    /// <summary>Writes a <see cref="CheckVerdict"/> on an item without matches.</summary>
    public static void WriteNoMatch(Utf8JsonWriter json, string? id, in ItemVerdict verdict)
    {
        if (id is null && verdict is { Verdict: Verdict.None, Reason: null })
        {
            json.WriteRawValue(Nothing, skipInputValidation: true);
        }
        else
        {
            WriteVerdict(json, new CheckVerdict(id, verdict.Verdict.ToText(), [], verdict.Reason));
        }
    }

    /// <summary>
    /// Writes, if it is the one that most lines have, the <see cref="CheckLine"/> on an item without matches and its line feed;
    /// false: nothing is written.
    /// </summary>
    public static bool TryWriteNothing(IBufferWriter<byte> output, long line, string? id, in ItemVerdict verdict)
    {
        if (id is not null || verdict is not { Verdict: Verdict.None, Matches.IsEmpty: true, Reason: null })
        {
            return false;
        }

        var start = """{"line":"""u8;
        var end = "\"id\":null,\"verdict\":\"none\",\"matches\":[],\"reason\":null,\"error\":null}\n"u8;
        var span = output.GetSpan(start.Length + MaxDigits + 1 + end.Length);
        start.CopyTo(span);
        _ = line.TryFormat(span[start.Length..], out var digits, default, CultureInfo.InvariantCulture);
        var length = start.Length + digits;
        span[length++] = (byte)',';
        end.CopyTo(span[length..]);
        output.Advance(length + end.Length);
        return true;
    }

    /// <summary>Writes a <see cref="CheckLine"/> with a verdict.</summary>
    public static void WriteLine(Utf8JsonWriter json, long line, CheckVerdict verdict)
    {
        json.WriteStartObject();
        json.WriteNumber(s_line, line);
        WriteText(json, s_id, verdict.Id);
        json.WriteString(s_verdict, verdict.Verdict);
        WriteMatches(json, verdict.Matches);
        WriteText(json, s_reason, verdict.Reason);
        json.WriteNull(s_error);
        json.WriteEndObject();
    }

    private static void WriteMatches(Utf8JsonWriter json, IReadOnlyList<CheckMatch> matches)
    {
        json.WriteStartArray(s_matches);
        for (var i = 0; i < matches.Count; i++)
        {
            WriteMatch(json, matches[i]);
        }

        json.WriteEndArray();
    }

    private static void WriteMatch(Utf8JsonWriter json, CheckMatch match)
    {
        json.WriteStartObject();
        json.WriteString(s_indicatorId, match.IndicatorId);
        json.WriteString(s_kind, match.Kind);
        json.WriteString(s_category, match.Category);
        json.WriteString(s_verdict, match.Verdict);
        json.WriteString(s_reason, match.Reason);
        json.WriteStartArray(s_listedBy);
        foreach (var lister in match.ListedBy)
        {
            json.WriteStartObject();
            json.WriteString(s_member, lister.Member);
            json.WriteNumber(s_since, lister.Since);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray(s_disputedBy);
        foreach (var member in match.DisputedBy)
        {
            json.WriteStringValue(member);
        }

        json.WriteEndArray();
        json.WriteNumber(s_confidence, match.Confidence);
        WriteNumber(json, s_start, match.Start);
        WriteNumber(json, s_length, match.Length);
        WriteNumber(json, s_distance, match.Distance);
        WriteEvasions(json, match.Evasions);
        json.WriteEndObject();
    }

    private static void WriteEvasions(Utf8JsonWriter json, IReadOnlyList<string>? evasions)
    {
        if (evasions is null)
        {
            json.WriteNull(s_evasions);
            return;
        }

        json.WriteStartArray(s_evasions);
        foreach (var evasion in evasions)
        {
            json.WriteStringValue(evasion);
        }

        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, JsonEncodedText name, string? text)
    {
        if (text is null)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, text);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, JsonEncodedText name, double? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, JsonEncodedText name, int? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
