import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GgufWriter } from '../../bench/models/gguf-writer.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { tsinfer } from './tsinfer.ts'

