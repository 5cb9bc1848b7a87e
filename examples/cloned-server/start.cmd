@echo off
rem Starts the server: behind spanpipe if you have turned telemetry on (WORDS_TELEMETRY=1), and otherwise alone.
setlocal
set "wrap="
if not "%SPANPIPE_TELEMETRY%"=="" (
	set "wrap=spanpipe --"
) else if "%WORDS_TELEMETRY%"=="1" (
	set "wrap=spanpipe --"
	for /f "delims==" %%v in ('set SPANPIPE_ 2^>nul ^| findstr /v /i /b "SPANPIPE_OTEL_SDK_DISABLED="') do set "%%v="
	for /f "delims==" %%v in ('set OTEL_ 2^>nul ^| findstr /v /i /b "OTEL_SDK_DISABLED="') do set "%%v="
	for /f "usebackq delims=" %%l in ("%~dp0telemetry.env") do set "%%l"
)
if defined wrap (
	where spanpipe >nul 2>nul || (
		echo word-server: spanpipe is not installed, so there is no telemetry 1>&2
		set "wrap="
	)
)
%wrap% python "%~dp0server.py" %*
